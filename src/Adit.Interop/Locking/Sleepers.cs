namespace Adit.Interop.Locking;

/// <summary>How many threads sleep until a lock is left: what whoever leaves it asks, without an atomic operation.</summary>
/// <remarks>
/// <para>Leaving stores that the lock is free and then loads this count; going to sleep counts up and then looks at the lock again. A
/// processor may do the leaver's load before its store can be seen, so one of the two needs a full fence. Leaving happens at every
/// operation and sleeping hardly ever: the sleeper has it executed on every processor that runs this process (membarrier(2)). Whoever
/// loaded the count before that fence has its store seen after it; whoever loads later sees the sleeper.</para>
/// <para>Dice, Huang and Yang, "Asymmetric Dekker synchronization" (2001); liburcu's sys_membarrier flavour does the same.</para>
/// </remarks>
internal struct Sleepers
{
    private int _count;

    /// <summary>Asked by whoever has just stored that the lock is free, or is about to.</summary>
    public readonly bool Any => Volatile.Read(in _count) != 0;

    /// <summary>Under the lock's gate, before the last look at the lock and until the sleep is over.</summary>
    public void Add()
    {
        Volatile.Write(ref _count, _count + 1);
        if (_count == 1)
        {
            Interlocked.MemoryBarrierProcessWide();
        }
    }

    /// <summary>Under the gate.</summary>
    public void Remove() => Volatile.Write(ref _count, _count - 1);
}

using Adit.Interop.Locking;

namespace Adit.Locking;

/// <summary>Holds a lock exclusively until disposed, for a change of the volume: not while it is frozen. The first lock of its thread.</summary>
internal readonly ref struct ChangeScope
{
    private readonly RankedReaderWriterLock _lock;

    public ChangeScope(RankedReaderWriterLock locked, FreezeGate gate)
    {
        Enter(locked, gate);
        _lock = locked;
    }

    public void Dispose() => _lock.ExitExclusive();

    /// <summary>For those who leave the lock elsewhere.</summary>
    public static void Enter(RankedReaderWriterLock locked, FreezeGate gate)
    {
        locked.EnterExclusive();
        while (gate.IsFrozen)
        {
            locked.ExitExclusive();
            gate.Wait();
            locked.EnterExclusive();
        }
    }
}

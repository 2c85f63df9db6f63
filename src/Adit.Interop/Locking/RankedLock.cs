namespace Adit.Interop.Locking;

/// <summary>A mutual-exclusion lock with a place in the order of <see cref="LockRank"/>. Not recursive; left by the thread that
/// entered it. Entering a free one is one atomic operation, leaving it a store when nobody waits, and neither allocates.</summary>
/// <remarks>
/// <para>A waiter spins for a while and then sleeps on a monitor, its gate. It tries for the lock under the gate after it has counted itself
/// among the <see cref="Sleepers"/>; whoever leaves and sees one takes the gate, and pulses. So either the waiter finds the lock free, or
/// its holder finds the waiter. A woken one may find that somebody else was faster: then that one sees it and pulses.</para>
/// <para>Checked builds (see <see cref="LockChecker"/>) verify order and recursion at each acquisition.</para>
/// </remarks>
/// <param name="rank">Its place in the order.</param>
/// <param name="number">Orders locks of the same rank: a lower number is taken first.</param>
public sealed class RankedLock(LockRank rank, ulong number = 0) : IRankedLock
{
    private const int Free = 0;
    private const int Held = 1;

    /// <summary>Long enough for a transaction of another thread, about a microsecond, to end.</summary>
    private const int SpinCount = 30;

    private readonly object _gate = new();
    private int _state;
    private Sleepers _sleepers;

    public LockRank Rank { get; } = rank;

    public ulong Number { get; } = number;

    public Scope Enter()
    {
        LockChecker.BeforeEnter(this);
        if (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
        {
            EnterSlowly();
        }

        LockChecker.Entered(this, isShared: false);
        return new Scope(this);
    }

    /// <summary>Takes the lock if it is free. Cannot block, so it may be tried out of order.</summary>
    public bool TryEnter()
    {
        LockChecker.BeforeTryEnter(this);
        if (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
        {
            return false;
        }

        LockChecker.Entered(this, isShared: false);
        return true;
    }

    public void Exit()
    {
        LockChecker.Exiting(this);
        Invariant.That(_state == Held, "a lock is left by whoever holds it");
        Volatile.Write(ref _state, Free);
        if (_sleepers.Any)
        {
            WakeOne();
        }
    }

    public override string ToString() => $"the {Rank} lock {Number} (rank {(int)Rank})";

    private void EnterSlowly()
    {
        SpinWait spin = default;
        for (int i = 0; i < SpinCount; i++)
        {
            if (Volatile.Read(ref _state) == Free && Interlocked.CompareExchange(ref _state, Held, Free) == Free)
            {
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }

        LockChecker.BeginWait(this, isShared: false);
        lock (_gate)
        {
            _sleepers.Add();
            while (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
            {
                Monitor.Wait(_gate);
            }

            _sleepers.Remove();
        }

        LockChecker.EndWait();
    }

    private void WakeOne()
    {
        lock (_gate)
        {
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Leaves the lock when disposed.</summary>
    public readonly ref struct Scope(RankedLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}

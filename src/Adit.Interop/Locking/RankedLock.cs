namespace Adit.Interop.Locking;

/// <summary>A mutual-exclusion lock with a place in the order of <see cref="LockRank"/>. Not recursive; left by the thread that
/// entered it. Entering and leaving a free one is one atomic operation each, and allocates nothing.</summary>
/// <remarks>
/// <para>The lock of Drepper, "Futexes are tricky" (2011), with a monitor for the futex: a waiter turns Held into HeldWithWaiters
/// under the gate before it waits there, so whoever leaves then must take the gate, and pulses. A woken waiter enters as
/// HeldWithWaiters, because others may wait beside it: at worst one pulse finds nobody.</para>
/// <para>Checked builds (see <see cref="LockChecker"/>) verify order and recursion at each acquisition.</para>
/// </remarks>
/// <param name="rank">Its place in the order.</param>
/// <param name="number">Orders locks of the same rank: a lower number is taken first.</param>
public sealed class RankedLock(LockRank rank, ulong number = 0) : IRankedLock
{
    private const int Free = 0;
    private const int Held = 1;
    private const int HeldWithWaiters = 2;

    /// <summary>Long enough for a transaction of another thread, about a microsecond, to end.</summary>
    private const int SpinCount = 30;

    private readonly object _gate = new();
    private int _state;

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
        int state = Interlocked.Exchange(ref _state, Free);
        if (state != Held)
        {
            Invariant.That(state == HeldWithWaiters, "a lock is left by whoever holds it");
            lock (_gate)
            {
                Monitor.Pulse(_gate);
            }
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
            while (Interlocked.Exchange(ref _state, HeldWithWaiters) != Free)
            {
                Monitor.Wait(_gate);
            }
        }

        LockChecker.EndWait();
    }

    /// <summary>Leaves the lock when disposed.</summary>
    public readonly ref struct Scope(RankedLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}

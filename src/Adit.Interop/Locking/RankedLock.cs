namespace Adit.Interop.Locking;

/// <summary>A mutual-exclusion lock with a place in the order of <see cref="LockRank"/>. Not recursive.</summary>
/// <remarks>Checked builds (see <see cref="LockChecker"/>) verify order and recursion at each acquisition.</remarks>
/// <param name="rank">Its place in the order.</param>
/// <param name="number">Orders locks of the same rank: a lower number is taken first.</param>
public sealed class RankedLock(LockRank rank, ulong number = 0) : IRankedLock
{
    private readonly Lock _lock = new();

    public LockRank Rank { get; } = rank;

    public ulong Number { get; } = number;

    public bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    public Scope Enter()
    {
        LockChecker.BeforeEnter(this);
        if (!LockChecker.IsOn)
        {
            _lock.Enter();
        }
        else if (!_lock.TryEnter())
        {
            LockChecker.BeginWait(this, isShared: false);
            _lock.Enter();
            LockChecker.EndWait();
        }

        LockChecker.Entered(this, isShared: false);
        return new Scope(this);
    }

    /// <summary>Takes the lock if it is free. Cannot block, so it may be tried out of order.</summary>
    public bool TryEnter()
    {
        LockChecker.BeforeTryEnter(this);
        if (!_lock.TryEnter())
        {
            return false;
        }

        LockChecker.Entered(this, isShared: false);
        return true;
    }

    public void Exit()
    {
        LockChecker.Exiting(this);
        _lock.Exit();
    }

    public override string ToString() => $"the {Rank} lock {Number} (rank {(int)Rank})";

    /// <summary>Leaves the lock when disposed.</summary>
    public readonly ref struct Scope(RankedLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}

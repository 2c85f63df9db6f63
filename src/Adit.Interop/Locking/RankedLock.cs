namespace Adit.Interop.Locking;

/// <summary>A mutual-exclusion lock with a place in the order of <see cref="LockRank"/>. Not recursive.</summary>
/// <param name="rank">Its place in the order.</param>
/// <param name="number">Orders locks of the same rank: a lower number is taken first.</param>
public sealed class RankedLock(LockRank rank, ulong number = 0)
{
    private readonly Lock _lock = new();

    public LockRank Rank { get; } = rank;

    public ulong Number { get; } = number;

    public bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    public Scope Enter()
    {
        _lock.Enter();
        return new Scope(this);
    }

    public bool TryEnter() => _lock.TryEnter();

    public void Exit() => _lock.Exit();

    /// <summary>Leaves the lock when disposed.</summary>
    public readonly ref struct Scope(RankedLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}

namespace Adit.Interop.Locking;

/// <summary>A lock held by many readers or by one writer, with a place in the order of <see cref="LockRank"/>.
/// Not recursive. Entering and leaving allocate nothing.</summary>
/// <param name="rank">Its place in the order.</param>
/// <param name="number">Orders locks of the same rank: a lower number is taken first.</param>
public sealed class RankedReaderWriterLock(LockRank rank, ulong number = 0)
{
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);

    public LockRank Rank { get; } = rank;

    public ulong Number { get; } = number;

    public void EnterShared() => _lock.EnterReadLock();

    public void ExitShared() => _lock.ExitReadLock();

    public void EnterExclusive() => _lock.EnterWriteLock();

    public bool TryEnterExclusive() => _lock.TryEnterWriteLock(0);

    public void ExitExclusive() => _lock.ExitWriteLock();
}

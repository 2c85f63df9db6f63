namespace Adit.Interop.Locking;

/// <summary>A lock with a place in the order, as the checker sees it.</summary>
internal interface IRankedLock
{
    LockRank Rank { get; }

    /// <summary>Orders locks of the same rank: a lower number is taken first.</summary>
    ulong Number { get; }
}

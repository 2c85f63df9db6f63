namespace Adit.Interop.Locking;

/// <summary>The place in the order of locks that are bits of words kept elsewhere, so many that none can be an object. Takes no lock
/// itself: whoever takes and leaves the bits says so here.</summary>
/// <remarks>All bits of one instance count as one lock. Thread-safe; outside checked builds (see <see cref="LockChecker"/>) it does nothing.</remarks>
public sealed class RankedBit(LockRank rank, ulong number = 0) : IRankedLock
{
    public LockRank Rank { get; } = rank;

    public ulong Number { get; } = number;

    /// <summary>Before the thread takes a bit, waiting if it must.</summary>
    /// <exception cref="LockOrderException">It holds a bit, or a lock that comes later.</exception>
    public void BeforeEnter() => LockChecker.BeforeEnter(this);

    public void Entered() => LockChecker.Entered(this, isShared: false);

    public void Exiting() => LockChecker.Exiting(this);

    /// <summary>Before the thread blocks until somebody leaves a bit.</summary>
    public void BeginWait() => LockChecker.BeginWait(this, isShared: false);

    public void EndWait() => LockChecker.EndWait();

    public override string ToString() => $"the {Rank} bit {Number} (rank {(int)Rank})";
}

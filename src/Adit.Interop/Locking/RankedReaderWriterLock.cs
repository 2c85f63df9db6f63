using System.Numerics;

namespace Adit.Interop.Locking;

/// <summary>A lock held by many readers or by one writer, with a place in the order of <see cref="LockRank"/>.
/// Not recursive. Entering and leaving allocate nothing; a lock is left by the thread that entered it.</summary>
/// <remarks>
/// A reader announces itself by counting up and then looks whether there is a writer; a writer announces itself and
/// then looks at the counts. Both announcements are full fences, so of a reader and a writer that arrive at once, at
/// least one sees the other; the reader is the one that steps back. So a waiting writer is not overtaken by new
/// readers; and when it leaves, the readers that waited for it go before the next writer: neither side starves.
/// Volume-wide locks spread their readers over several counts, a cache line pair each, so that readers on different
/// processors do not share a line. Locks of which there are many (inodes, mappings) have one count.
/// Whoever has to wait does so on one monitor (see the other part). Checked builds (see <see cref="LockChecker"/>)
/// verify order, recursion and cycles.
/// </remarks>
public sealed partial class RankedReaderWriterLock : IRankedLock
{
    private const int Free = 0;

    /// <summary>A writer is in, or waits for the readers inside to leave.</summary>
    private const int Held = 1;

    /// <summary>Readers that waited for the last writer are on their way in: writers wait. Set and ended under the gate.</summary>
    private const int ReadersTurn = 2;

    private const int MaxCounts = 16;

    /// <summary>Between two counts, in ints: processors fetch lines of 64 bytes in pairs.</summary>
    private const int SpreadShift = 5;

    /// <summary>The counts of a volume-wide lock, or null.</summary>
    private readonly int[]? _readers;
    private readonly int _mask;
    private int _state;
    private Sleepers _sleepers;

    /// <summary>The count of any other lock.</summary>
    private int _readerCount;

    /// <param name="rank">Its place in the order.</param>
    /// <param name="number">Orders locks of the same rank: a lower number is taken first.</param>
    public RankedReaderWriterLock(LockRank rank, ulong number = 0)
    {
        Rank = rank;
        Number = number;
        bool isVolumeWide = rank is LockRank.Freeze or LockRank.Namespace or LockRank.Transaction or LockRank.Tree or LockRank.Space;
        int counts = isVolumeWide ? Math.Min(MaxCounts, (int)BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)) : 1;
        _mask = counts - 1;

        // The first count keeps its distance from the array's length and from what lies before it.
        _readers = isVolumeWide ? new int[(counts + 1) << SpreadShift] : null;
    }

    public LockRank Rank { get; }

    public ulong Number { get; private set; }

    private ref int MyCount
    {
        get
        {
            if (_readers is null)
            {
                return ref _readerCount;
            }

            return ref _readers[((ThreadNumber.Current & _mask) + 1) << SpreadShift];
        }
    }

    public void EnterShared() => EnterSharedAt();

    /// <summary>The same; <see cref="ExitSharedAt"/> with what this returns then spares looking for the count again.</summary>
    public ref int EnterSharedAt()
    {
        LockChecker.BeforeEnter(this);
        ref int count = ref MyCount;
        Interlocked.Increment(ref count);
        if (Volatile.Read(ref _state) != Free)
        {
            EnterSharedSlowly(ref count);
        }

        LockChecker.Entered(this, isShared: true);
        return ref count;
    }

    /// <summary>Enters unless there is a writer, inside or waiting. Cannot block, so it may be tried out of order.</summary>
    public bool TryEnterShared()
    {
        LockChecker.BeforeTryEnter(this);
        ref int count = ref MyCount;
        if (!Announce(ref count))
        {
            return false;
        }

        LockChecker.Entered(this, isShared: true);
        return true;
    }

    public void ExitShared() => ExitSharedAt(ref MyCount);

    /// <param name="count">From <see cref="EnterSharedAt"/>.</param>
    public void ExitSharedAt(ref int count)
    {
        LockChecker.Exiting(this);
        StepBack(ref count);
    }

    public void EnterExclusive()
    {
        LockChecker.BeforeEnter(this);
        if (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
        {
            ClaimSlowly();
        }

        if (!AllReadersLeft())
        {
            WaitForReaders();
        }

        LockChecker.Entered(this, isShared: false);
    }

    /// <summary>Enters if nobody is inside. Cannot block, so it may be tried out of order.</summary>
    public bool TryEnterExclusive()
    {
        LockChecker.BeforeTryEnter(this);
        if (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
        {
            return false;
        }

        if (!AllReadersLeft())
        {
            Unclaim();
            return false;
        }

        LockChecker.Entered(this, isShared: false);
        return true;
    }

    public void ExitExclusive()
    {
        LockChecker.Exiting(this);
        Unclaim();
    }

    /// <summary>Gives it another place among the locks of its rank. Nobody holds it, nor waits for it but to find that what it guarded is gone.</summary>
    public void Renumber(ulong number) => Number = number;

    public override string ToString() => $"the {Rank} lock {Number} (rank {(int)Rank})";

    private bool AllReadersLeft()
    {
        if (_readers is null)
        {
            return Volatile.Read(ref _readerCount) == 0;
        }

        for (int i = 1 << SpreadShift; i < _readers.Length; i += 1 << SpreadShift)
        {
            if (Volatile.Read(ref _readers[i]) != 0)
            {
                return false;
            }
        }

        return true;
    }
}

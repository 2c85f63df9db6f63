using Adit.Format;
using Adit.Interop;
using Adit.Interop.Locking;
using Adit.Media;
using Adit.Metadata.Logging;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;
using Adit.Metadata.Superblocks;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Metadata;

/// <summary>The atomic ground of a volume: records under keys, and blocks, changed by transactions that survive a crash whole
/// or not at all. Metadata is read from the medium when asked for; opening costs the log's tail, not the volume's size.</summary>
/// <remarks>
/// <para>Invariants: what the published superblock reaches is never stored to. A transaction is durable once its record is, and
/// applied to the working tree afterwards. The log from the published head on, applied to the published tree, gives the state.</para>
/// <para>Locks, in this order: checkpoint, flush, transaction, tree, space. Readers take the tree lock shared; a transaction holds
/// the transaction lock from its beginning to its end and the tree lock while it is applied.</para>
/// <para>Failure: when the medium fails under a commit or a checkpoint the store keeps the first cause and refuses further
/// transactions; reads go on.</para>
/// </remarks>
public sealed partial class MetadataStore : IDisposable
{
    private readonly RankedLock _checkpointLock = new(LockRank.Checkpoint);
    private readonly RankedLock _flushLock = new(LockRank.Flush);
    private readonly RankedLock _transactionLock = new(LockRank.Transaction);
    private readonly RankedReaderWriterLock _treeLock = new(LockRank.Tree);
    private readonly SuperblockPair _superblocks;
    private readonly VolumeLayout _layout;
    private readonly NodeSpace _nodes;
    private readonly LogRing _log;
    private readonly Transaction _transaction;
    private readonly BrokenVariant _broken;
    private BackgroundWorker? _worker;
    private ulong _nextInode;
    private volatile Exception? _failure;
    private volatile bool _isEnded;

    public Medium Medium { get; }

    public StoreOptions Options { get; }

    /// <summary>Who the volume is and how it is laid out.</summary>
    public VolumeIdentity Identity { get; private set; }

    public bool IsReadOnly => Options.ReadOnly;

    /// <summary>What the record of one transaction holds, heads and keys of its operations included: at least 4 KiB.</summary>
    public int MaxRecordBytes => _log.MaxRecordBytes;

    /// <summary>The first cause why the store refuses transactions, or null.</summary>
    public Exception? Failure => _failure;

    public SpaceAllocator Space { get; }

    /// <summary>Blocks that data and nodes share.</summary>
    public long TotalBlocks => (_layout.ChunkCount - _layout.FirstUsableChunk) << Geometry.BlocksPerChunkShift;

    /// <summary>Blocks that can be given out to data.</summary>
    public long FreeBlocks => Space.FreeBlocks;

    /// <summary>The number of the first record that this opening writes: all commits with lower numbers have happened, and no others.</summary>
    public ulong FirstSequence { get; }

    /// <summary>Bytes of records that the process before had staged when it was killed.</summary>
    public long SavedBytes { get; }

    /// <summary>Each transaction is durable when its commit returns.</summary>
    public bool CommitsAreDurable { get; }

    internal WorkingTree Tree { get; }

    /// <summary>A consistent view of the records; dispose it soon, since it holds transactions up.</summary>
    public TreeReader Read() => new(Tree, _treeLock);

    /// <summary>The inode number that is given out next.</summary>
    public ulong UpcomingInodeNumber => Volatile.Read(ref _nextInode);

    /// <summary>An inode number that was never given out before, to any thread. It stays used up when a transaction commits that began
    /// later or is under way. Where <see cref="StoreOptions.Witness"/> is given, whoever takes one keeps others from taking theirs until the
    /// commit, as volumes do with the namespace's lock: the witness tells the made inode by its being the last given out.</summary>
    public ulong NextInodeNumber() => Interlocked.Increment(ref _nextInode) - 1;

    /// <summary>Closes the volume in order: everything durable, the log empty, marked clean. Without effect after a failure:
    /// the next opening recovers.</summary>
    public void Dispose()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        _worker?.Dispose();
        if (!IsReadOnly && _failure is null)
        {
            CloseInOrder();
        }

        WaitForReaders();
        ReleaseMemory();
    }

    /// <summary>Ends as a killed process would: the medium is not touched any more. A transaction of the calling thread ends with it.</summary>
    public void Abandon()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        EndTransactionIfHeld();
        _worker?.Dispose();
        ReleaseMemory();
    }

    private void ReleaseMemory()
    {
        Tree.Dispose();
        Space.Dispose();
        _log.Dispose();
        _transaction.Release();
    }

    /// <summary>Stops as if the medium had failed: nothing is accepted or written any more, and the next opening recovers.</summary>
    public void Stop(string reason) => Fail(new VolumeException(Interop.Errno.EIO, reason));

    private void Fail(Exception cause) => Interlocked.CompareExchange(ref _failure, cause, null);
}

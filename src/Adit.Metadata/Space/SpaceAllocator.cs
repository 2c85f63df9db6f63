using Adit.Format;
using Adit.Interop.Locking;
using Adit.Media;

namespace Adit.Metadata.Space;

/// <summary>Gives out the blocks of a volume so that large files keep lying in whole aligned chunks, however old it is.</summary>
/// <remarks>
/// <para><b>States of a block.</b> Free; reserved (given out, in no transaction yet); live (taken by a transaction);
/// pending (freed by a transaction whose record may not be durable yet). In memory each chunk has two maps: <i>live</i>,
/// which is what its line on the medium should say, and <i>busy</i>, which is everything that may not be given out.</para>
/// <para><b>Policy.</b> Large needs get whole chunks, in phase with the file. Small needs get the tightest run of the
/// fullest broken chunk. Another chunk is broken for them only while few blocks of the broken chunks are free;
/// otherwise they are served in pieces.</para>
/// <para><b>Finding.</b> Each chunk is in one class (<see cref="ChunkClass"/>), the classes are sets that find their next
/// member at once. A class may lag behind its chunk: the chunk is then in a list that every search works off first, so
/// that the append path does not classify at all.</para>
/// <para><b>Memory.</b> Lines are read when first needed and dropped again beyond a cap when the tree says the same; only
/// the byte of class and the four bytes of slot per chunk stay, in memory that is untouched until then. Opening
/// reads nothing.</para>
/// <para><b>Locks.</b> Safe for many threads: one lock of rank Space, not held while lines are read and while the medium
/// finds host space. Take, Free and the rest of what changes live blocks are called under the transaction lock.</para>
/// <para><b>Failure.</b> Taking a taken block or freeing a free one is a defect and throws. A line that cannot be read
/// throws what its reader throws, once; its chunk is not used after that.</para>
/// <para><b>What a file should ask for.</b> See <c>docs/decisions/0005-space-policy.md</c>.</para>
/// </remarks>
public sealed partial class SpaceAllocator : IDisposable
{
    /// <summary>How many chunks stay in memory when nothing forces them to, by default.</summary>
    public const int DefaultLineCap = 64 * 1024;

    private readonly RankedLock _lock = new(LockRank.Space);
    private readonly ISpaceLines _reader;
    private readonly Medium _medium;
    private readonly long _chunkCount;
    private readonly long _firstUsableChunk;
    private readonly long _keptChunks;
    private readonly LineTable _lines;
    private readonly NativeTable<byte> _classes;
    private readonly ChunkSet?[] _sets = new ChunkSet?[ChunkClass.Count];
    private readonly PendingFrees _pending = new();
    private readonly SlotList _stale = new();
    private readonly SlotList _dirty = new();
    private readonly SlotList _collected = new();

    /// <summary>Classes with members, as bits.</summary>
    private ulong _inhabited;

    private long _freeBlocks;
    private long _untakenBlocks;
    private long _brokenChunks;
    private long _brokenFreeBlocks;

    /// <summary>Every chunk below is known.</summary>
    private long _scanCursor;

    /// <summary>Changes whenever lines may have been dropped that differ from what the tree said before.</summary>
    private long _dropStamp;

    /// <summary>Frees are not released before recovery ends: a later record may take the same blocks again.</summary>
    private bool _recovering;
    private long _tokenToReleaseAfterRecovery;

    /// <param name="chunkCount">Chunks of the medium.</param>
    /// <param name="firstUsableChunk">Chunks below are never given out.</param>
    /// <param name="freeBlocks">Blocks that are not taken, as the medium counts them.</param>
    /// <param name="lines">Reads the lines of chunks.</param>
    /// <param name="medium">Asked for host space at the first use of a chunk.</param>
    /// <param name="lineCap">How many chunks stay in memory when nothing forces them to.</param>
    /// <param name="keptChunks">Whole chunks that are not given to data.</param>
    public SpaceAllocator(
        long chunkCount, long firstUsableChunk, long freeBlocks, ISpaceLines lines, Medium medium, int lineCap = DefaultLineCap, long keptChunks = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstUsableChunk);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkCount, firstUsableChunk);
        ArgumentOutOfRangeException.ThrowIfLessThan(lineCap, 1);
        _chunkCount = chunkCount;
        _firstUsableChunk = firstUsableChunk;
        _freeBlocks = freeBlocks;
        _untakenBlocks = freeBlocks;
        _keptChunks = keptChunks;
        _reader = lines;
        _medium = medium;
        _lines = new LineTable(chunkCount, lineCap);
        _classes = new NativeTable<byte>(chunkCount);
        _scanCursor = firstUsableChunk;
    }

    /// <summary>Blocks that can be given out to data now: neither taken, nor reserved, nor pending, nor in the whole chunks that
    /// are kept for nodes. Exact once every chunk was looked at; until then the kept chunks are taken to be whole.</summary>
    public long FreeBlocks
    {
        get
        {
            using (_lock.Enter())
            {
                if (_classes.Length == 0)
                {
                    // Disposed: nothing is to be had any more.
                    return 0;
                }

                RefreshStaleLocked();
                var kept = _scanCursor >= _chunkCount ? Math.Min(_keptChunks, WholeChunksLocked) : _keptChunks;
                return Math.Max(0, _freeBlocks - (kept << Geometry.BlocksPerChunkShift));
            }
        }
    }

    /// <summary>Blocks that no committed transaction holds: what the medium counts as free once the dirty lines are folded.
    /// Read it under the transaction lock together with <see cref="CollectDirty"/>.</summary>
    public long UntakenBlocks => Volatile.Read(ref _untakenBlocks);

    /// <summary>Freed blocks that wait for <see cref="ReleasePending"/>. When a request fails and this is not 0, making the
    /// records durable brings some back.</summary>
    public long PendingBlocks
    {
        get
        {
            using (_lock.Enter())
            {
                return _pending.BlockCount;
            }
        }
    }

    /// <summary>Frees the tables. No other call may be running or follow.</summary>
    public void Dispose()
    {
        _lines.Dispose();
        _classes.Dispose();
        foreach (var set in _sets)
        {
            set?.Dispose();
        }
    }

    /// <summary>Counts for tools and tests. Chunks that were never looked at are not in the classes.</summary>
    public SpaceSummary Summarize()
    {
        using (_lock.Enter())
        {
            RefreshStaleLocked();
            return new SpaceSummary(
                WholeChunksLocked, _brokenChunks, _brokenFreeBlocks, _chunkCount - _scanCursor, _lines.Count);
        }
    }

    private static InvalidOperationException Defect(string what, BlockExtent blocks) =>
        new($"Space: {what}: {blocks}. This is a defect of the file system, or its space lines are damaged; run the checker.");
}

using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Space;

namespace Adit.Files;

/// <summary>Where new blocks of a file come from, and what is set aside for its growth. The policy is that of
/// <c>docs/decisions/space-policy.md</c>.</summary>
internal sealed partial class FileData
{
    /// <summary>Beyond 1 MiB a file gets whole chunks, so that it can be mapped by huge pages.</summary>
    private const long SmallFileBlocks = 256;

    private const long LeastAheadBlocks = 16;
    private const long MostAheadBlocks = 64;

    /// <summary>A last piece shorter than this is not worth a chunk of its own.</summary>
    private const long HalfChunkBlocks = Geometry.BlocksPerChunk / 2;

    /// <summary>Reserves blocks for a hole, fewer than wanted when there is no such run.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="fileBlock">The first file block.</param>
    /// <param name="wantedBlocks">At least 1.</param>
    /// <param name="goal">The block behind the file's block before this, or none.</param>
    /// <param name="growth">Whether more may follow behind.</param>
    /// <param name="extent">What is reserved: the caller takes it in a transaction, or returns it.</param>
    private Errno ReserveLocked(
        Inode inode, long fileBlock, long wantedBlocks, BlockAddress goal, Growth growth, out BlockExtent extent)
    {
        if (!inode.Ahead.IsEmpty)
        {
            if (inode.AheadFileBlock == fileBlock)
            {
                extent = TakeAheadLocked(inode, wantedBlocks);
                return Errno.Success;
            }

            if (growth != Growth.None)
            {
                ReturnAheadLocked(inode);
            }
        }

        SpaceRequest request = RequestFor(inode, fileBlock, wantedBlocks, goal, growth);
        if (request is { Shape: SpaceShape.Large, ChunkPhase: 0 })
        {
            EmptyChunkLocked(inode);
        }

        Errno errno = _store.Space.TryReserve(in request, out extent);
        if (errno == Errno.ENOSPC && ReclaimSpaceLocked(inode))
        {
            errno = _store.Space.TryReserve(request with { WantedBlocks = wantedBlocks }, out extent);
        }

        if (errno == Errno.Success && extent.BlockCount > wantedBlocks)
        {
            ReturnAheadLocked(inode);
            inode.Ahead = new BlockExtent(extent.Start + wantedBlocks, extent.BlockCount - wantedBlocks);
            inode.AheadFileBlock = fileBlock + wantedBlocks;
            extent = extent with { BlockCount = wantedBlocks };
        }

        return errno;
    }

    private static SpaceRequest RequestFor(Inode inode, long fileBlock, long wantedBlocks, BlockAddress goal, Growth growth)
    {
        long end = fileBlock + wantedBlocks;
        bool isLarge = end > SmallFileBlocks || inode.Record.SizeBytes > SmallFileBlocks << Geometry.BlockShift;
        int phase = (int)(fileBlock & (Geometry.BlocksPerChunk - 1));
        if (growth == Growth.Expected)
        {
            // Nothing beyond a file's first write: most files are written once, at once.
            wantedBlocks += isLarge ? -end & (Geometry.BlocksPerChunk - 1)
                : inode.Record.BlockCount == 0 ? 0
                : Math.Min(Math.Clamp(inode.Record.BlockCount, LeastAheadBlocks, MostAheadBlocks), SmallFileBlocks - end);
        }
        else if (growth == Growth.Known && phase == 0 && wantedBlocks < HalfChunkBlocks)
        {
            isLarge = false;
        }

        return new SpaceRequest(wantedBlocks, goal, phase, isLarge ? SpaceShape.Large : SpaceShape.Small);
    }

    /// <summary>Gives back what was set aside for a file's growth.</summary>
    public void ReturnAheadLocked(Inode inode)
    {
        if (!inode.Ahead.IsEmpty)
        {
            BlockExtent ahead = inode.Ahead;
            inode.Ahead = default;
            _store.Space.Return(ahead);
        }
    }

    private static BlockExtent TakeAheadLocked(Inode inode, long wantedBlocks)
    {
        long count = Math.Min(wantedBlocks, inode.Ahead.BlockCount);
        BlockExtent taken = inode.Ahead with { BlockCount = count };
        inode.Ahead = new BlockExtent(inode.Ahead.Start + count, inode.Ahead.BlockCount - count);
        inode.AheadFileBlock += count;
        return taken;
    }

    /// <summary>The volume is full: takes back what other files have set aside, and brings freed blocks into use.</summary>
    /// <returns>True when there may be space now.</returns>
    private bool ReclaimSpaceLocked(Inode wanting)
    {
        long before = _store.Space.FreeBlocks;
        foreach (Inode inode in context.Inodes.UseAll(static inode => !inode.Ahead.IsEmpty))
        {
            if (inode == wanting)
            {
                ReturnAheadLocked(inode);
            }
            else if (inode.Lock.TryEnterExclusive())
            {
                ReturnAheadLocked(inode);
                inode.Lock.ExitExclusive();
            }

            context.ReleaseLater(inode);
        }

        if (_store.Space.FreeBlocks <= before && _store.Space.PendingBlocks > 0)
        {
            _store.EnsureDurable();
        }

        return _store.Space.FreeBlocks > before;
    }

    /// <summary>What is known of a file's growth while it gets blocks.</summary>
    private enum Growth
    {
        /// <summary>A hole inside the file.</summary>
        None,

        /// <summary>At its end; more may follow.</summary>
        Expected,

        /// <summary>At its end, and all of it.</summary>
        Known,
    }
}

using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Space;

namespace Adit.Files;

/// <summary>Where new blocks of a file come from, and what is set aside for its growth.</summary>
internal sealed partial class FileData
{
    /// <summary>From 256 KiB on a file gets whole chunks, so that it can be mapped by huge pages.</summary>
    private const long LargeFileBlocks = 64;

    /// <summary>Reserves blocks for a hole, fewer than wanted when there is no such run.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="fileBlock">The first file block.</param>
    /// <param name="wantedBlocks">At least 1.</param>
    /// <param name="goal">The block behind the file's block before this, or none.</param>
    /// <param name="isGrowing">Nothing of the file lies behind: more of it may follow soon.</param>
    /// <param name="extent">What is reserved: the caller takes it in a transaction, or returns it.</param>
    private Errno ReserveLocked(
        Inode inode, long fileBlock, long wantedBlocks, BlockAddress goal, bool isGrowing, out BlockExtent extent)
    {
        if (!inode.Ahead.IsEmpty)
        {
            if (inode.AheadFileBlock == fileBlock)
            {
                extent = TakeAheadLocked(inode, wantedBlocks);
                return Errno.Success;
            }

            if (isGrowing)
            {
                ReturnAheadLocked(inode);
            }
        }

        long end = fileBlock + wantedBlocks;
        bool isLarge = end >= LargeFileBlocks || inode.Record.SizeBytes >= LargeFileBlocks << Geometry.BlockShift;
        SpaceRequest request = new(
            wantedBlocks + (isGrowing ? AheadBlocks(inode, end, isLarge) : 0),
            goal,
            (int)(fileBlock & (Geometry.BlocksPerChunk - 1)),
            isLarge ? SpaceShape.Large : SpaceShape.Small);
        Errno errno = _store.Space.TryReserve(in request, out extent);
        if (errno == Errno.ENOSPC && ReclaimSpaceLocked(inode))
        {
            errno = _store.Space.TryReserve(request with { WantedBlocks = wantedBlocks }, out extent);
        }

        if (errno == Errno.Success && extent.BlockCount > wantedBlocks)
        {
            ReturnAheadLocked(inode);
            inode.Ahead = new BlockExtent(extent.Start + wantedBlocks, extent.BlockCount - wantedBlocks);
            inode.AheadFileBlock = end;
            extent = extent with { BlockCount = wantedBlocks };
        }

        return errno;
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

    /// <summary>How many blocks to ask for beyond those needed: nothing for a file's first write, then as much as it has, and
    /// the rest of the chunk for a large one.</summary>
    private static long AheadBlocks(Inode inode, long end, bool isLarge) => isLarge
        ? -end & (Geometry.BlocksPerChunk - 1)
        : Math.Min(inode.Record.BlockCount, LargeFileBlocks - end);

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
            if (_store.Space.FreeBlocks <= before)
            {
                _store.Checkpoint();
            }
        }

        return _store.Space.FreeBlocks > before;
    }
}

using Adit.Dax.Breaking;
using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Files;

/// <summary>Emptying a nearly empty chunk, so that there are whole ones for large files: its blocks move into the holes of
/// other chunks. What cannot be moved now stays.</summary>
internal sealed partial class FileData
{
    /// <summary>Does so when the allocator says that it is due. Only inodes whose locks are free at once are touched, and not the
    /// one that wants space: its blocks are being dealt with.</summary>
    private void EmptyChunkLocked(Inode wanting)
    {
        if (!_store.Space.TryBeginEmptying(out long chunk, out ChunkBits live))
        {
            return;
        }

        try
        {
            for (int index = 0; index < Geometry.BlocksPerChunk; index++)
            {
                int end = index;
                while (end < Geometry.BlocksPerChunk && IsSet(in live, end))
                {
                    end++;
                }

                while (index < end)
                {
                    index += (int)MoveRunLocked(wanting, new BlockExtent(BlockAddress.OfChunk(chunk, index), end - index));
                }
            }
        }
        finally
        {
            _store.Space.EndEmptying(chunk, in live);
        }
    }

    private static bool IsSet(in ChunkBits bits, int index) => ((bits[index >> 6] >> (index & 63)) & 1) != 0;

    /// <summary>Moves the first blocks of a run, as many as belong to one extent.</summary>
    /// <returns>How many blocks of the run are dealt with, moved or not: at least 1.</returns>
    private long MoveRunLocked(Inode wanting, BlockExtent run)
    {
        if (!TryFindOwner(run.Start, out ReverseMapRecord owner, out BlockAddress ownerStart))
        {
            return 1;
        }

        long skip = run.Start - ownerStart;
        long count = Math.Min(owner.BlockCount - skip, run.BlockCount);
        if (owner.Inode == wanting.Number || context.Use(owner.Inode, out Inode? inode) != Errno.Success)
        {
            return count;
        }

        try
        {
            if (inode!.Lock.TryEnterExclusive())
            {
                try
                {
                    MoveLocked(inode, owner.FileBlock + skip, run with { BlockCount = count });
                }
                finally
                {
                    inode.Lock.ExitExclusive();
                }
            }
        }
        finally
        {
            context.ReleaseLater(inode!);
        }

        return count;
    }

    private bool TryFindOwner(BlockAddress block, out ReverseMapRecord owner, out BlockAddress ownerStart)
    {
        using TreeReader tree = _store.Read();
        TreeKey last = new(TreeKey.ReverseMapSpace | (ulong)block.Value, ulong.MaxValue);
        if (!tree.TryGetAtOrBelow(last, out TreeKey found, out ReadOnlySpan<byte> value)
            || found.High < TreeKey.ReverseMapSpace || value.Length != ReverseMapRecord.SizeBytes)
        {
            owner = default;
            ownerStart = default;
            return false;
        }

        owner = ReverseMapRecord.Read(value);
        ownerStart = new BlockAddress((long)(found.High - TreeKey.ReverseMapSpace));
        return block - ownerStart < owner.BlockCount;
    }

    /// <summary>Moves blocks of a file, if they still are where the reverse map said.</summary>
    private void MoveLocked(Inode inode, long fileBlock, BlockExtent blocks)
    {
        if (inode.IsGone || inode.TruncatingFrom != long.MaxValue)
        {
            return;
        }

        LoadLocked(inode, fileBlock, fileBlock + blocks.BlockCount);
        int index = inode.Extents.IndexOf(fileBlock);
        if (index < 0 || inode.Extents.EndAt(index) < fileBlock + blocks.BlockCount
            || inode.Extents.ExtentAt(index).Start + (fileBlock - inode.Extents.FileBlockAt(index)) != blocks.Start)
        {
            return;
        }

        ExtentFlags flags = inode.Extents.ExtentAt(index).Flags;
        long done = 0;
        while (done < blocks.BlockCount)
        {
            SpaceRequest request = new(blocks.BlockCount - done, BlockAddress.None, 0, SpaceShape.Small);
            if (_store.Space.TryReserve(in request, out BlockExtent target) != Errno.Success)
            {
                return;
            }

            if (!TryBeginMove(inode, fileBlock + done, target.BlockCount, out LayoutBreak change))
            {
                _store.Space.Return(target);
                return;
            }

            try
            {
                if (!MovePieceLocked(inode, fileBlock + done, target, flags))
                {
                    return;
                }
            }
            finally
            {
                change.End();
            }

            done += target.BlockCount;
        }
    }

    private bool MovePieceLocked(Inode inode, long fileBlock, BlockExtent target, ExtentFlags flags)
    {
        Transaction transaction;
        try
        {
            if ((flags & ExtentFlags.Unwritten) == 0)
            {
                CopyBlocks(inode, fileBlock, target.Start, target.BlockCount);
                FenceBeforeRecord();
            }

            if (_store.Begin(out transaction) != Errno.Success)
            {
                _store.Space.Return(target);
                return false;
            }
        }
        catch
        {
            _store.Space.Return(target);
            throw;
        }

        SwitchBlocks(transaction, inode, fileBlock, target, flags);
        CommitSwitch(transaction, inode);
        return true;
    }
}

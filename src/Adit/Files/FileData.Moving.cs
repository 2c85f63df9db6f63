using Adit.Dax.Breaking;
using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;

namespace Adit.Files;

/// <summary>Moving blocks of files to better places. The copy is durable before the record that switches to it; readers and
/// writers of the file wait, others do not notice.</summary>
internal sealed partial class FileData
{
    /// <summary>Extents that a file's first mebibyte may have to be moved in one transaction.</summary>
    private const int MaxMovedExtents = 30;

    /// <summary>A small file becomes large: its blocks move into a chunk of their own, in phase, and it goes on behind them.</summary>
    /// <param name="endFileBlock">Up to where the file is about to grow.</param>
    private Errno MoveHeadLocked(Inode inode, long endFileBlock)
    {
        if (inode.IsHeadPlaced || endFileBlock <= SmallFileBlocks)
        {
            return Errno.Success;
        }

        inode.IsHeadPlaced = true;
        if (inode.Record.BlockCount is 0 or >= Geometry.BlocksPerChunk)
        {
            return Errno.Success;
        }

        LoadLocked(inode, 0, Geometry.BlocksPerChunk);
        ExtentMap map = inode.Extents;
        long headBlocks = inode.Record.BlockCount;
        if (!map.IsComplete || map.Count > Math.Min(MaxMovedExtents, WritePlan.PiecesOf(_store.MaxRecordBytes)) || !IsPlainHead(map, headBlocks)
            || map.ExtentAt(0).Start.IndexInChunk == 0 && map.Count == 1)
        {
            return Errno.Success;
        }

        ReturnAheadLocked(inode);
        EmptyChunkLocked(inode);
        SpaceRequest request = new(Geometry.BlocksPerChunk, BlockAddress.None, 0, SpaceShape.Large);
        if (_store.Space.TryReserve(in request, out BlockExtent chunk) != Errno.Success)
        {
            return Errno.Success;
        }

        if (chunk.BlockCount != Geometry.BlocksPerChunk || chunk.Start.IndexInChunk != 0)
        {
            _store.Space.Return(chunk);
            return Errno.Success;
        }

        return SwitchHeadLocked(inode, chunk, headBlocks);
    }

    /// <summary>Whether a file's blocks are all written and lie without a gap from its start.</summary>
    private static bool IsPlainHead(ExtentMap map, long headBlocks)
    {
        long end = 0;
        for (int i = 0; i < map.Count && map.FileBlockAt(i) == end && !map.ExtentAt(i).IsUnwritten; i++)
        {
            end = map.EndAt(i);
        }

        return end == headBlocks;
    }

    private Errno SwitchHeadLocked(Inode inode, BlockExtent chunk, long headBlocks)
    {
        if (!TryBeginMove(inode, 0, headBlocks, out LayoutBreak change))
        {
            _store.Space.Return(chunk);
            return Errno.Success;
        }

        try
        {
            return MoveHeadTo(inode, chunk, headBlocks);
        }
        finally
        {
            change.End();
        }
    }

    private Errno MoveHeadTo(Inode inode, BlockExtent chunk, long headBlocks)
    {
        Errno errno;
        Transaction transaction;
        try
        {
            CopyBlocks(inode, 0, chunk.Start, headBlocks);
            FenceBeforeRecord();
            errno = _store.Begin(out transaction, TransactionSize.Large);
        }
        catch
        {
            _store.Space.Return(chunk);
            throw;
        }

        if (errno != Errno.Success)
        {
            _store.Space.Return(chunk);
            return errno;
        }

        SwitchBlocks(transaction, inode, 0, chunk with { BlockCount = headBlocks }, ExtentFlags.None);
        CommitSwitch(transaction, inode);
        inode.Ahead = new BlockExtent(chunk.Start + headBlocks, chunk.BlockCount - headBlocks);
        inode.AheadFileBlock = headBlocks;
        return Errno.Success;
    }

    /// <summary>Copies written file blocks, wherever they lie, to consecutive new ones.</summary>
    private void CopyBlocks(Inode inode, long fileBlock, BlockAddress target, long blockCount)
    {
        while (blockCount > 0)
        {
            Invariant.That(inode.Extents.TryFindWritten(fileBlock, out long block, out long runBlocks));
            long count = Math.Min(runBlocks, blockCount);
            _medium.Write(target.OffsetBytes, _medium.Span(block << Geometry.BlockShift, (int)(count << Geometry.BlockShift)));
            fileBlock += count;
            target += count;
            blockCount -= count;
        }
    }

    /// <summary>Gives file blocks other blocks and frees those they had.</summary>
    private void SwitchBlocks(Transaction transaction, Inode inode, long fileBlock, BlockExtent target, ExtentFlags flags)
    {
        try
        {
            ExtentEditor editor = new(transaction, inode.Number, inode.Extents);
            transaction.Take(target);
            long end = editor.Unmap(fileBlock, fileBlock + target.BlockCount, free: true);
            Invariant.That(end == fileBlock + target.BlockCount);
            editor.Map(fileBlock, new ExtentRecord(target.Start, (uint)target.BlockCount, flags));
            Invariant.That(editor.BlockDelta == 0);
        }
        catch
        {
            transaction.Abort();
            inode.Extents.Clear();
            throw;
        }
    }

    private static void CommitSwitch(Transaction transaction, Inode inode)
    {
        try
        {
            transaction.Commit();
        }
        catch
        {
            inode.Extents.Clear();
            throw;
        }
    }
}

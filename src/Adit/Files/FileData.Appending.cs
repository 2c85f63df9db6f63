using Adit.Extents;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>The shortest way to grow a file: whole new blocks at its end, out of what is set aside for it. One write, one fence, one
/// short record; no allocator, no search, no allocation.</summary>
internal sealed partial class FileData
{
    /// <summary>Whether the bytes belong into the first blocks set aside, and these continue the file's last extent.</summary>
    private static bool IsPlainAppendLocked(Inode inode, long offsetBytes, int lengthBytes)
    {
        ExtentMap map = inode.Extents;
        long fileBlock = BlockOf(offsetBytes);
        int last = map.Count - 1;
        return offsetBytes == inode.Record.SizeBytes
            && (offsetBytes & (Geometry.BlockSize - 1)) == 0
            && inode.AheadFileBlock == fileBlock
            && inode.Ahead.BlockCount >= BlocksFor(lengthBytes)
            && last >= 0
            && map.EndAt(last) == fileBlock
            && map.Covers(fileBlock, ExtentMap.MaxFileBlocks)
            && map.ExtentAt(last) is { Flags: ExtentFlags.None } extent
            && extent.Blocks.End == inode.Ahead.Start
            && extent.BlockCount <= uint.MaxValue - Geometry.BlocksPerChunk
            && inode.TruncatingFrom == long.MaxValue;
    }

    /// <summary>Up to this much is written after the transaction has begun: a lock taken behind a fence waits until the bytes have
    /// drained to the medium, so taking it before lets the record be made meanwhile.</summary>
    private const int MaxOverlappedBytes = 16 * 1024;

    private Errno AppendLocked(Inode inode, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        ExtentMap map = inode.Extents;
        int last = map.Count - 1;
        BlockExtent blocks = inode.Ahead with { BlockCount = BlocksFor(source.Length) };
        ExtentRecord grown = map.ExtentAt(last);
        grown = grown with { BlockCount = grown.BlockCount + (uint)blocks.BlockCount };
        bool isRecordFirst = context.Broken == BrokenVariant.SizeBeforeData;
        bool isOverlapped = source.Length <= MaxOverlappedBytes && _medium.HasCheapFences;
        if (!isRecordFirst && !isOverlapped)
        {
            StoreAppended(blocks, source);
            FenceBeforeRecord();
        }

        Errno errno = _store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            return errno;
        }

        if (context.Quotas.IsEnforced && (errno = context.Quotas.CheckWithin(transaction, in inode.Record, blocks.BlockCount, 0)) != Errno.Success)
        {
            transaction.Abort();
            return errno;
        }

        InodeRecord record;
        try
        {
            if (!isRecordFirst && isOverlapped)
            {
                StoreAppended(blocks, source);
                transaction.FenceDataFirst();
            }

            Timestamp now = context.Now();
            inode.Settle(now);
            record = inode.Record;
            record.SizeBytes += source.Length;
            record.BlockCount += blocks.BlockCount;
            record.Touch(now);
            transaction.GrowExtent(inode.Number, map.FileBlockAt(last), blocks);
            inode.PutGrowth(transaction, in record);
        }
        catch
        {
            transaction.Abort();
            throw;
        }

        TakeAheadLocked(inode, blocks.BlockCount);
        CommitLocked(transaction, inode, in record);
        map.SetAt(last, map.FileBlockAt(last), grown);
        if (isRecordFirst)
        {
            StoreAppended(blocks, source);
            FenceBeforeRecord();
        }

        BlocksAppeared(inode, record.SizeBytes - source.Length, source.Length);
        writtenBytes = source.Length;
        return Errno.Success;
    }

    private void StoreAppended(BlockExtent blocks, ReadOnlySpan<byte> source)
    {
        _medium.Write(blocks.Start.OffsetBytes, source);
        long restBytes = blocks.LengthBytes - source.Length;
        if (restBytes != 0 && context.Broken != BrokenVariant.SkipZeroing)
        {
            _medium.WriteZeros(blocks.Start.OffsetBytes + source.Length, restBytes);
        }
    }
}

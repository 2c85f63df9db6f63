using Adit.Checksums;
using Adit.Extents;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;

namespace Adit.Files;

/// <summary>Changing the size without writing.</summary>
internal sealed partial class FileData
{
    /// <summary>Operations that a transaction keeps for the inode's record and an orphan's behind its extents.</summary>
    private const int OperationsForRecords = 4;

    /// <summary>Sets the size and, in the same transaction, whatever else differs between the inode's record and the one given.</summary>
    /// <param name="inode">A regular file.</param>
    /// <param name="record">The settled record with all changes but the size.</param>
    /// <param name="sizeBytes">0 to <see cref="InodeRecord.MaxSizeBytes"/>.</param>
    public Errno SetSizeLocked(Inode inode, InodeRecord record, long sizeBytes)
    {
        Errno errno = BeginExtendingLocked(inode, sizeBytes);
        if (errno != Errno.Success)
        {
            return errno;
        }

        // Zeroing the tail may have given the file its first checksum.
        record.ChecksumEpoch = inode.Record.ChecksumEpoch;
        bool isShrinking = sizeBytes < inode.Record.SizeBytes;
        if (sizeBytes > inode.Record.SizeBytes)
        {
            FenceBeforeRecord();
        }

        long firstFreed = BlocksFor(sizeBytes);
        if (isShrinking)
        {
            if (!inode.Ahead.IsEmpty && inode.AheadFileBlock > firstFreed)
            {
                ReturnAheadLocked(inode);
            }

            LoadLocked(inode, firstFreed, firstFreed + 1);
        }

        errno = _store.Begin(out Transaction transaction, isShrinking ? TransactionSize.Freeing : TransactionSize.Usual);
        if (errno != Errno.Success)
        {
            return errno;
        }

        bool isDone = true;
        try
        {
            if (isShrinking)
            {
                isDone = FreeStepLocked(transaction, inode, firstFreed, out long freedBlocks);
                record.BlockCount -= freedBlocks;
                if (!isDone && context.Broken != BrokenVariant.TruncateWithoutMark)
                {
                    Orphans.OrphanMarks.Put(transaction, inode.Number, record.LinkCount, firstFreed);
                }
            }

            record.SizeBytes = sizeBytes;
            transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
        }
        catch
        {
            transaction.Abort();
            inode.Extents.Clear();
            throw;
        }

        CommitLocked(transaction, inode, in record);
        inode.IsHeadPlaced &= firstFreed > SmallFileBlocks;
        if (isDone)
        {
            return Errno.Success;
        }

        inode.TruncatingFrom = firstFreed;
        return FinishTruncationLocked(inode);
    }

    /// <summary>Frees what a truncation of several transactions has left, and takes its mark away.</summary>
    public Errno FinishTruncationLocked(Inode inode)
    {
        while (inode.TruncatingFrom != long.MaxValue)
        {
            long firstFreed = inode.TruncatingFrom;
            LoadLocked(inode, firstFreed, firstFreed + 1);
            Errno errno = _store.Begin(out Transaction transaction, TransactionSize.Freeing);
            if (errno != Errno.Success)
            {
                return errno;
            }

            InodeRecord record;
            bool isDone;
            try
            {
                isDone = FreeStepLocked(transaction, inode, firstFreed, out long freedBlocks);
                inode.Settle(context.Now());
                record = inode.Record;
                record.BlockCount -= freedBlocks;
                transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
                if (isDone)
                {
                    Orphans.OrphanMarks.Put(transaction, inode.Number, record.LinkCount, long.MaxValue);
                }
            }
            catch
            {
                transaction.Abort();
                inode.Extents.Clear();
                throw;
            }

            CommitLocked(transaction, inode, in record);
            if (isDone)
            {
                inode.TruncatingFrom = long.MaxValue;
            }
        }

        return Errno.Success;
    }

    /// <summary>Frees extents from a file block on, as many as one transaction should; the map must cover that block.</summary>
    /// <returns>True when none is left.</returns>
    private static bool FreeStepLocked(Transaction transaction, Inode inode, long firstFreed, out long freedBlocks)
    {
        ExtentMap map = inode.Extents;
        ExtentEditor editor = new(transaction, inode.Number, map);
        int index = map.IndexOf(firstFreed);
        index = index < 0 ? ~index : index;
        bool isDone = map.Covers(firstFreed, ExtentMap.MaxFileBlocks);
        if (index < map.Count)
        {
            long end = map.EndAt(map.Count - 1);
            isDone &= editor.Unmap(firstFreed, end, free: true, OperationsForRecords) == end;
        }

        freedBlocks = -editor.BlockDelta;
        if (isDone && inode.Record.ChecksumEpoch != 0)
        {
            isDone = ChecksumRecords.TryDeleteFrom(transaction, inode.Number, firstFreed, OperationsForRecords);
        }

        return isDone;
    }
}

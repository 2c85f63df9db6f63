using Adit.Extents;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>fallocate(2).</summary>
internal sealed partial class FileData
{
    public Errno AllocateLocked(Inode inode, AllocateMode mode, long offsetBytes, long lengthBytes)
    {
        if (offsetBytes < 0 || lengthBytes <= 0)
        {
            return Errno.EINVAL;
        }

        if (offsetBytes > InodeRecord.MaxSizeBytes - lengthBytes)
        {
            return Errno.EFBIG;
        }

        Errno errno = inode.TruncatingFrom != long.MaxValue ? FinishTruncationLocked(inode) : Errno.Success;
        if (errno != Errno.Success)
        {
            return errno;
        }

        return mode switch
        {
            AllocateMode.Allocate => AllocateRangeLocked(inode, offsetBytes, lengthBytes, keepSize: false),
            AllocateMode.KeepSize => AllocateRangeLocked(inode, offsetBytes, lengthBytes, keepSize: true),
            AllocateMode.UnshareRange => AllocateRangeLocked(inode, offsetBytes, lengthBytes, keepSize: false),
            AllocateMode.UnshareRange | AllocateMode.KeepSize => AllocateRangeLocked(inode, offsetBytes, lengthBytes, keepSize: true),
            AllocateMode.PunchHole | AllocateMode.KeepSize => PunchLocked(inode, offsetBytes, lengthBytes),
            AllocateMode.ZeroRange => ZeroRangeLocked(inode, offsetBytes, lengthBytes, keepSize: false),
            AllocateMode.ZeroRange | AllocateMode.KeepSize => ZeroRangeLocked(inode, offsetBytes, lengthBytes, keepSize: true),
            AllocateMode.CollapseRange => CollapseLocked(inode, offsetBytes, lengthBytes),
            AllocateMode.InsertRange => InsertLocked(inode, offsetBytes, lengthBytes),
            _ => Errno.ENOTSUP,
        };
    }

    /// <summary>Gives the holes of a range unwritten blocks.</summary>
    private Errno AllocateRangeLocked(Inode inode, long offsetBytes, long lengthBytes, bool keepSize)
    {
        long fileBlock = BlockOf(offsetBytes);
        long end = BlocksFor(offsetBytes + lengthBytes);
        long newSizeBytes = keepSize ? inode.Record.SizeBytes : Math.Max(inode.Record.SizeBytes, offsetBytes + lengthBytes);
        if (end - fileBlock - inode.Record.BlockCount > _store.Space.FreeBlocks + inode.Ahead.BlockCount
            && (!ReclaimSpaceLocked(inode) || end - fileBlock - inode.Record.BlockCount > _store.Space.FreeBlocks))
        {
            return Errno.ENOSPC;
        }

        if (end - fileBlock - inode.Record.BlockCount > context.Quotas.RoomBlocks(in inode.Record))
        {
            return Errno.EDQUOT;
        }

        while (fileBlock < end)
        {
            // The map is asked for one stretch at a time: a range may be larger than any map.
            LoadLocked(inode, fileBlock, fileBlock + 1);
            if (SkipAllocatedLocked(inode.Extents, ref fileBlock, end))
            {
                continue;
            }

            WritePlan plan = WritePlan.Empty(_store.MaxRecordBytes);
            long stretchEnd = Math.Min(end, fileBlock + MaxAllocatedAtOnce);
            LoadLocked(inode, fileBlock, stretchEnd);
            Errno errno = PlanLocked(inode, plan, fileBlock, stretchEnd, Growth.Known, out long plannedEnd);
            if (plannedEnd == fileBlock)
            {
                return errno;
            }

            Errno recorded = RecordPlanLocked(inode, plan, inode.Record.SizeBytes, ExtentFlags.Unwritten);
            if (recorded != Errno.Success || errno != Errno.Success)
            {
                return recorded != Errno.Success ? recorded : errno;
            }

            fileBlock = plannedEnd;
        }

        if (newSizeBytes == inode.Record.SizeBytes)
        {
            return Errno.Success;
        }

        Timestamp now = context.Now();
        inode.Settle(now);
        InodeRecord record = inode.Record;
        record.Touch(now);
        return SetSizeLocked(inode, record, newSizeBytes);
    }

    /// <summary>How many blocks are looked at for one transaction of an allocation: 4 GiB.</summary>
    private const long MaxAllocatedAtOnce = 1 << 20;

    private static bool SkipAllocatedLocked(ExtentMap map, ref long fileBlock, long end)
    {
        int index = map.IndexOf(fileBlock);
        if (index < 0)
        {
            return false;
        }

        fileBlock = Math.Min(map.EndAt(index), end);
        return true;
    }

    /// <summary>Makes a range a hole: whole blocks are freed, the bytes of others become zeros.</summary>
    private Errno PunchLocked(Inode inode, long offsetBytes, long lengthBytes)
    {
        long endBytes = offsetBytes + lengthBytes;
        Errno zeroed = ZeroEdgesLocked(inode, offsetBytes, endBytes);
        if (zeroed != Errno.Success)
        {
            return zeroed;
        }

        long fileBlock = BlocksFor(offsetBytes);
        long end = BlockOf(endBytes);
        if (!inode.Ahead.IsEmpty && inode.AheadFileBlock > fileBlock)
        {
            ReturnAheadLocked(inode);
        }

        while (fileBlock < end)
        {
            LoadLocked(inode, fileBlock, fileBlock + 1);
            Errno errno = EditStepLocked(inode, ref fileBlock, end, TransactionSize.Freeing, static (ref editor, from, to) =>
                _ = editor.Unmap(from, to, free: true));
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        MarkModifiedShared(inode);
        return Errno.Success;
    }

    /// <summary>Makes a range read as zeros but keep its blocks, and gives its holes some.</summary>
    private Errno ZeroRangeLocked(Inode inode, long offsetBytes, long lengthBytes, bool keepSize)
    {
        long endBytes = offsetBytes + lengthBytes;
        Errno zeroed = ZeroEdgesLocked(inode, offsetBytes, endBytes);
        if (zeroed != Errno.Success)
        {
            return zeroed;
        }

        long fileBlock = BlocksFor(offsetBytes);
        long end = BlockOf(endBytes);
        while (fileBlock < end)
        {
            LoadLocked(inode, fileBlock, fileBlock + 1);
            Errno errno = EditStepLocked(inode, ref fileBlock, end, TransactionSize.Usual, static (ref editor, from, to) =>
                editor.SetFlags(from, to - from, ExtentFlags.Unwritten));
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        MarkModifiedShared(inode);
        return AllocateRangeLocked(inode, offsetBytes, lengthBytes, keepSize);
    }

    private delegate void ExtentChange(ref ExtentEditor editor, long fileBlock, long endFileBlock);

    /// <summary>Changes the next extent of a range in a transaction of its own.</summary>
    /// <param name="fileBlock">Where to go on; moves behind what was done.</param>
    private Errno EditStepLocked(Inode inode, ref long fileBlock, long end, TransactionSize size, ExtentChange change)
    {
        ExtentMap map = inode.Extents;
        int index = map.IndexOf(fileBlock);
        if (index < 0)
        {
            index = ~index;
            if (index == map.Count || map.FileBlockAt(index) >= end)
            {
                fileBlock = map.IsComplete || index < map.Count ? end : Math.Min(end, fileBlock + 1);
                return Errno.Success;
            }

            fileBlock = map.FileBlockAt(index);
        }

        long stepEnd = Math.Min(map.EndAt(index), end);
        LoadLocked(inode, fileBlock, stepEnd);
        Errno errno = _store.Begin(out Transaction transaction, size);
        if (errno != Errno.Success)
        {
            return errno;
        }

        InodeRecord record;
        try
        {
            ExtentEditor editor = new(transaction, inode.Number, map);
            change(ref editor, fileBlock, stepEnd);
            Timestamp now = context.Now();
            inode.Settle(now);
            record = inode.Record;
            record.BlockCount += editor.BlockDelta;
            record.Touch(now);
            transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
        }
        catch
        {
            transaction.Abort();
            map.Clear();
            throw;
        }

        CommitLocked(transaction, inode, in record);
        fileBlock = stepEnd;
        return Errno.Success;
    }

    /// <summary>Zeroes, in place, the bytes of a range in blocks that it does not fill. Bytes behind the end of the file are left
    /// alone: they are zeroed before they are seen again, and zeroing them now could reach the medium before the record of
    /// the truncation that put them there.</summary>
    private Errno ZeroEdgesLocked(Inode inode, long offsetBytes, long endBytes)
    {
        endBytes = Math.Min(endBytes, inode.Record.SizeBytes);
        if (endBytes <= offsetBytes)
        {
            return Errno.Success;
        }

        long head = Math.Min(endBytes, BlocksFor(offsetBytes) << Geometry.BlockShift);
        long tail = Math.Max(head, BlockOf(endBytes) << Geometry.BlockShift);
        if (inode.IsPrivate)
        {
            Errno errno = ZeroPrivateLocked(inode, offsetBytes, head);
            return errno == Errno.Success ? ZeroPrivateLocked(inode, tail, endBytes) : errno;
        }

        if (head > offsetBytes)
        {
            ZeroWithinBlockLocked(inode, offsetBytes, head);
        }

        if (endBytes > tail)
        {
            ZeroWithinBlockLocked(inode, tail, endBytes);
        }

        FenceBeforeRecord();
        return Errno.Success;
    }

    private void ZeroWithinBlockLocked(Inode inode, long offsetBytes, long endBytes)
    {
        long fileBlock = BlockOf(offsetBytes);
        LoadLocked(inode, fileBlock, fileBlock + 1);
        if (inode.Extents.TryFindWritten(fileBlock, out long block, out _))
        {
            _medium.WriteZeros(
                (block << Geometry.BlockShift) + (offsetBytes & (Geometry.BlockSize - 1)), endBytes - offsetBytes);
        }
    }
}

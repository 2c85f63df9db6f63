using Adit.Checksums;
using Adit.Extents;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>fallocate's collapse and insert: what lies behind a range moves. One transaction, so a file with very many extents
/// or checksums behind the range answers EOPNOTSUPP, and its user copies instead.</summary>
internal sealed partial class FileData
{
    private const int MaxShiftedExtents = 36;

    private Errno CollapseLocked(Inode inode, long offsetBytes, long lengthBytes)
    {
        if (((offsetBytes | lengthBytes) & (Geometry.BlockSize - 1)) != 0 || offsetBytes + lengthBytes >= inode.Record.SizeBytes)
        {
            return Errno.EINVAL;
        }

        long fileBlock = BlockOf(offsetBytes);
        long end = BlockOf(offsetBytes + lengthBytes);
        return ShiftLocked(inode, fileBlock, end, fileBlock - end);
    }

    private Errno InsertLocked(Inode inode, long offsetBytes, long lengthBytes)
    {
        if (((offsetBytes | lengthBytes) & (Geometry.BlockSize - 1)) != 0 || offsetBytes >= inode.Record.SizeBytes)
        {
            return Errno.EINVAL;
        }

        if (inode.Record.SizeBytes > InodeRecord.MaxSizeBytes - lengthBytes)
        {
            return Errno.EFBIG;
        }

        long fileBlock = BlockOf(offsetBytes);
        return ShiftLocked(inode, fileBlock, fileBlock, BlockOf(lengthBytes));
    }

    /// <summary>Frees a range and moves everything behind it by some blocks.</summary>
    private Errno ShiftLocked(Inode inode, long fileBlock, long end, long shiftBlocks)
    {
        ReturnAheadLocked(inode);
        ExtentMap map = inode.Extents;
        LoadLocked(inode, 0, ExtentMap.MaxFileBlocks);
        int first = map.IndexOf(fileBlock);
        first = first < 0 ? ~first : first;
        if (!map.IsComplete || map.Count - first > Math.Min(MaxShiftedExtents, WritePlan.PiecesOf(_store.MaxRecordBytes)))
        {
            return Errno.ENOTSUP;
        }

        if (map.Count > 0 && map.EndAt(map.Count - 1) + shiftBlocks > ExtentMap.MaxFileBlocks)
        {
            return Errno.EFBIG;
        }

        SortedDictionary<long, ChecksumGroup>? checksums = inode.Record.KeepsChecksums ? ShiftedChecksums(inode, fileBlock, end, shiftBlocks) : null;
        if (checksums is not null && checksums.Count > MostShiftedGroups(map.Count - first))
        {
            return Errno.ENOTSUP;
        }

        Errno errno = _store.Begin(out Transaction transaction, TransactionSize.Large);
        if (errno != Errno.Success)
        {
            return errno;
        }

        InodeRecord record;
        try
        {
            ExtentEditor editor = new(transaction, inode.Number, map);
            editor.Unmap(fileBlock, end, free: true);
            MoveExtents(ref editor, map, end, shiftBlocks);
            if (checksums is not null)
            {
                PutShifted(transaction, inode, checksums);
            }

            Timestamp now = context.Now();
            inode.Settle(now);
            record = inode.Record;
            record.BlockCount += editor.BlockDelta;
            record.SizeBytes += shiftBlocks << Geometry.BlockShift;
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
        return Errno.Success;
    }

    /// <summary>Records of checksums that fit the transaction beside some extents.</summary>
    private int MostShiftedGroups(int extents) => Math.Min(
        110 - (3 * extents), (_store.MaxRecordBytes - 512 - (extents * WritePlan.RecordBytesPerPiece)) / RecordBytesPerGroup);

    /// <summary>Moves the extents from a file block on, in the order that never lets one land on another.</summary>
    private static void MoveExtents(ref ExtentEditor editor, ExtentMap map, long from, long shiftBlocks)
    {
        Span<(long FileBlock, ExtentRecord Extent)> moved = new (long, ExtentRecord)[map.Count + 1];
        int count = 0;
        for (int i = 0; i < map.Count; i++)
        {
            long first = map.FileBlockAt(i);
            if (map.EndAt(i) > from)
            {
                long skip = Math.Max(0, from - first);
                ExtentRecord extent = map.ExtentAt(i);
                moved[count++] = (first + skip, extent with { Start = extent.Start + skip, BlockCount = extent.BlockCount - (uint)skip });
            }
        }

        for (int i = count - 1; i >= 0; i--)
        {
            editor.Unmap(moved[i].FileBlock, moved[i].FileBlock + moved[i].Extent.BlockCount, free: false);
        }

        for (int i = 0; i < count; i++)
        {
            editor.Map(moved[i].FileBlock + shiftBlocks, moved[i].Extent);
        }
    }
}

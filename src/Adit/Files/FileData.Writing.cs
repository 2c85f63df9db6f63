using Adit.Extents;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>Writing that changes records: into holes and unwritten blocks, and beyond the end.</summary>
internal sealed partial class FileData
{
    /// <summary>A longer write is several transactions.</summary>
    private const int MaxStepBytes = 16 << 20;

    /// <summary>Runs that fit a usual transaction: each is up to four operations.</summary>
    private const int MaxPiecesOfUsual = 6;

    /// <summary>Writes bytes anywhere; the end must not lie behind <see cref="InodeRecord.MaxSizeBytes"/>.</summary>
    /// <param name="writtenBytes">How many were written, also when it fails: from the start, without a gap.</param>
    public Errno WriteLocked(Inode inode, long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        if (inode.IsPrivate)
        {
            return WritePrivateLocked(inode, offsetBytes, source, out writtenBytes);
        }

        Errno errno = Errno.Success;
        while (!source.IsEmpty && errno == Errno.Success)
        {
            int stepBytes = source.Length;
            if (stepBytes > MaxStepBytes)
            {
                stepBytes = MaxStepBytes - (int)(offsetBytes & (Geometry.BlockSize - 1));
            }

            errno = WriteStepLocked(inode, offsetBytes, source[..stepBytes], out int doneBytes);
            writtenBytes += doneBytes;
            offsetBytes += doneBytes;
            source = source[doneBytes..];
        }

        return errno;
    }

    private Errno WriteStepLocked(Inode inode, long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        if (IsPlainAppendLocked(inode, offsetBytes, source.Length))
        {
            Errno appended = AppendLocked(inode, source, out writtenBytes);
            if (appended != Errno.EDQUOT)
            {
                return appended;
            }

            // A part of it may be within the limits.
        }

        Errno errno = BeginExtendingLocked(inode, offsetBytes, source);
        if (errno != Errno.Success)
        {
            return errno;
        }

        long fileBlock = BlockOf(offsetBytes);
        long end = BlocksFor(offsetBytes + source.Length);
        errno = MoveHeadLocked(inode, end);
        if (errno != Errno.Success)
        {
            return errno;
        }

        LoadLocked(inode, fileBlock, end);
        WritePlan plan = WritePlan.Empty(_store.MaxRecordBytes);
        errno = PlanLocked(inode, plan, fileBlock, end, Growth.Expected, out long plannedEnd);
        if (plannedEnd == fileBlock)
        {
            return errno;
        }

        if (plannedEnd < end)
        {
            // The transaction is full, or the volume is: what fits is written, and the caller goes on or hears of it.
            source = source[..(int)((plannedEnd << Geometry.BlockShift) - offsetBytes)];
        }

        Errno recorded = StoreAndRecordLocked(inode, plan, offsetBytes, source);
        if (recorded != Errno.Success)
        {
            return recorded;
        }

        BlocksAppeared(inode, offsetBytes, source.Length);
        writtenBytes = source.Length;
        return errno;
    }

    /// <summary>Lists what the file blocks of a write are, and reserves blocks for those that have none.</summary>
    /// <param name="growth">What is known of the file's growth if its end is among them.</param>
    /// <param name="plannedEnd">Up to where it came: less than asked when the plan is full or, with ENOSPC, the volume.</param>
    private Errno PlanLocked(Inode inode, WritePlan plan, long fileBlock, long end, Growth growth, out long plannedEnd)
    {
        ExtentMap map = inode.Extents;
        BlockAddress goal = BlockAddress.None;
        long room = context.Quotas.RoomBlocks(in inode.Record);
        while (fileBlock < end && !plan.IsFull)
        {
            int index = map.IndexOf(fileBlock);
            WritePiece piece;
            if (index >= 0)
            {
                ExtentRecord extent = map.ExtentAt(index);
                long skip = fileBlock - map.FileBlockAt(index);
                long count = Math.Min(extent.BlockCount - skip, end - fileBlock);
                piece = new WritePiece(
                    fileBlock,
                    new BlockExtent(extent.Start + skip, count),
                    extent.IsUnwritten ? WritePieceKind.Unwritten : WritePieceKind.Written);
            }
            else
            {
                index = ~index;
                long holeEnd = index < map.Count ? Math.Min(end, map.FileBlockAt(index)) : end;
                bool isGrowing = index == map.Count && holeEnd << Geometry.BlockShift >= inode.Record.SizeBytes;
                goal = goal.IsNone ? GoalLocked(map, index, fileBlock) : goal;
                BlockExtent reserved = default;
                Errno errno = room == 0 ? Errno.EDQUOT : ReserveLocked(
                    inode, fileBlock, Math.Min(room, holeEnd - fileBlock), goal, isGrowing ? growth : Growth.None, out reserved);
                if (errno != Errno.Success)
                {
                    plannedEnd = fileBlock;
                    return errno;
                }

                room -= reserved.BlockCount;
                piece = new WritePiece(fileBlock, reserved, WritePieceKind.Reserved);
            }

            plan.Add(piece);
            goal = piece.Blocks.End;
            fileBlock = piece.EndFileBlock;
        }

        plannedEnd = fileBlock;
        return Errno.Success;
    }

    /// <summary>The block of the medium that would keep a file block in line with its neighbour in the same chunk, or none.</summary>
    private static BlockAddress GoalLocked(ExtentMap map, int indexBehind, long fileBlock)
    {
        if (indexBehind > 0)
        {
            long end = map.EndAt(indexBehind - 1);
            if (end == fileBlock || end >> Geometry.BlocksPerChunkShift == fileBlock >> Geometry.BlocksPerChunkShift)
            {
                ExtentRecord before = map.ExtentAt(indexBehind - 1);
                return before.Start + (before.BlockCount + fileBlock - end);
            }
        }

        if (indexBehind < map.Count)
        {
            long first = map.FileBlockAt(indexBehind);
            BlockAddress start = map.ExtentAt(indexBehind).Start;
            if (first >> Geometry.BlocksPerChunkShift == fileBlock >> Geometry.BlocksPerChunkShift
                && start.IndexInChunk >= first - fileBlock)
            {
                return start + (fileBlock - first);
            }
        }

        return BlockAddress.None;
    }

    private Errno StoreAndRecordLocked(Inode inode, WritePlan plan, long offsetBytes, ReadOnlySpan<byte> source)
    {
        bool isRecordFirst = context.Broken switch
        {
            BrokenVariant.SizeBeforeData => offsetBytes + source.Length > inode.Record.SizeBytes,
            BrokenVariant.ConvertBeforeData => plan.Has(WritePieceKind.Unwritten),
            _ => false,
        };
        if (!isRecordFirst)
        {
            try
            {
                StoreData(plan, offsetBytes, source);
                FenceBeforeRecord();
            }
            catch
            {
                plan.ReturnReserved(_store.Space);
                throw;
            }
        }

        Errno errno = Errno.Success;
        long newSizeBytes = Math.Max(inode.Record.SizeBytes, offsetBytes + source.Length);
        if (newSizeBytes == inode.Record.SizeBytes && plan.IsAll(WritePieceKind.Written))
        {
            MarkModifiedShared(inode);
        }
        else
        {
            errno = RecordPlanLocked(inode, plan, newSizeBytes, ExtentFlags.None);
        }

        if (isRecordFirst && errno == Errno.Success)
        {
            StoreData(plan, offsetBytes, source);
            FenceBeforeRecord();
        }

        return errno;
    }

    /// <summary>One transaction that gives the file the blocks of a plan and a size. On failure nothing has changed and the
    /// reserved blocks are returned.</summary>
    /// <param name="flags">What the reserved and the unwritten blocks of the plan become.</param>
    private Errno RecordPlanLocked(Inode inode, WritePlan plan, long newSizeBytes, ExtentFlags flags)
    {
        Errno errno = _store.Begin(out Transaction transaction, plan.Pieces.Length <= MaxPiecesOfUsual ? TransactionSize.Usual : TransactionSize.Large);
        if (errno != Errno.Success)
        {
            plan.ReturnReserved(_store.Space);
            return errno;
        }

        InodeRecord record;
        try
        {
            ExtentEditor editor = new(transaction, inode.Number, inode.Extents);
            foreach (WritePiece piece in plan.Pieces)
            {
                if (piece.Kind == WritePieceKind.Reserved)
                {
                    transaction.Take(piece.Blocks);
                    editor.Map(piece.FileBlock, new ExtentRecord(piece.Blocks.Start, (uint)piece.Blocks.BlockCount, flags));
                }
                else if (piece.Kind == WritePieceKind.Unwritten && flags == ExtentFlags.None)
                {
                    editor.SetFlags(piece.FileBlock, piece.Blocks.BlockCount, flags);
                }
            }

            if (RefusesGrowth(transaction, inode, editor.BlockDelta, plan))
            {
                return Errno.EDQUOT;
            }

            Timestamp now = context.Now();
            inode.Settle(now);
            record = inode.Record;
            record.SizeBytes = newSizeBytes;
            record.BlockCount += editor.BlockDelta;
            record.Touch(now);
            transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
        }
        catch
        {
            transaction.Abort();
            inode.Extents.Clear();
            plan.ReturnReserved(_store.Space);
            throw;
        }

        CommitLocked(transaction, inode, in record);
        return Errno.Success;
    }

    /// <summary>Whether quotas forbid what a transaction has given a file: then it has ended, and nothing has changed.</summary>
    private bool RefusesGrowth(Transaction transaction, Inode inode, long blockDelta, WritePlan plan)
    {
        if (!context.Quotas.IsEnforced || context.Quotas.CheckWithin(transaction, in inode.Record, blockDelta, 0) == Errno.Success)
        {
            return false;
        }

        transaction.Abort();
        inode.Extents.Clear();
        plan.ReturnReserved(_store.Space);
        return true;
    }

    /// <summary>Commits a transaction that put the inode's record and may have changed its extents.</summary>
    private static void CommitLocked(Transaction transaction, Inode inode, in InodeRecord record)
    {
        try
        {
            transaction.Commit();
        }
        catch
        {
            // Whether it is in the tree now is for the tree to say.
            inode.Extents.Clear();
            throw;
        }

        inode.Recorded(in record);
    }

    /// <summary>Writes the bytes to their blocks, and zeros before them to what a write leaves of blocks that are new to the file. The zeros
    /// reach to the next whole word: where zeroing a range made the block unwritten and a crash undoes that, no word is half zeros
    /// and half what the block held before.</summary>
    private void StoreData(WritePlan plan, long offsetBytes, ReadOnlySpan<byte> source)
    {
        long endBytes = offsetBytes + source.Length;
        foreach (WritePiece piece in plan.Pieces)
        {
            long pieceBytes = piece.FileBlock << Geometry.BlockShift;
            long pieceEndBytes = piece.EndFileBlock << Geometry.BlockShift;
            long from = Math.Max(pieceBytes, offsetBytes);
            long to = Math.Min(pieceEndBytes, endBytes);
            long target = piece.Blocks.Start.OffsetBytes - pieceBytes;
            if (piece.Kind != WritePieceKind.Written && context.Broken != BrokenVariant.SkipZeroing)
            {
                if (from > pieceBytes)
                {
                    _medium.WriteZeros(target + pieceBytes, WholeWords(from) - pieceBytes);
                }

                if (to < pieceEndBytes)
                {
                    long wordBytes = to & -sizeof(ulong);
                    _medium.WriteZeros(target + wordBytes, pieceEndBytes - wordBytes);
                }
            }

            _medium.Write(target + from, source.Slice((int)(from - offsetBytes), (int)(to - from)));
        }
    }

    private static long WholeWords(long bytes) => (bytes + sizeof(ulong) - 1) & -sizeof(ulong);

    /// <summary>Before something is written at or behind the end: work left over from a truncation is finished, and the bytes
    /// between the end and where the new ones begin become zeros. Not yet fenced.</summary>
    /// <param name="source">The new bytes, none when only the size changes.</param>
    private Errno BeginExtendingLocked(Inode inode, long offsetBytes, ReadOnlySpan<byte> source = default)
    {
        if (inode.TruncatingFrom != long.MaxValue)
        {
            Errno errno = FinishTruncationLocked(inode);
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        long sizeBytes = inode.Record.SizeBytes;
        long inBlock = sizeBytes & (Geometry.BlockSize - 1);
        if (offsetBytes <= sizeBytes || inBlock == 0 || context.Broken == BrokenVariant.SkipTailZeroing)
        {
            return Errno.Success;
        }

        if (inode.IsPrivate)
        {
            return ZeroPrivateTailLocked(inode);
        }

        long fileBlock = BlockOf(sizeBytes);
        LoadLocked(inode, fileBlock, fileBlock + 1);
        if (inode.Extents.TryFindWritten(fileBlock, out long block, out _))
        {
            long to = Math.Min(offsetBytes, (fileBlock + 1) << Geometry.BlockShift);
            StoreGap((block << Geometry.BlockShift) + inBlock, to - sizeBytes, to == offsetBytes ? source : default);
        }

        return Errno.Success;
    }

    /// <summary>Zeros behind the end of a file, up to the bytes that come next. The word in which these begin is stored at once, as it will
    /// be: a crash may undo the truncation before, and then it is a word of the file that holds the old or the new.</summary>
    private void StoreGap(long targetBytes, long lengthBytes, ReadOnlySpan<byte> source)
    {
        long endBytes = targetBytes + lengthBytes;
        long wordBytes = endBytes & -sizeof(ulong);
        if (source.IsEmpty || wordBytes == endBytes)
        {
            _medium.WriteZeros(targetBytes, lengthBytes);
            return;
        }

        if (wordBytes > targetBytes)
        {
            _medium.WriteZeros(targetBytes, wordBytes - targetBytes);
        }

        Span<byte> word = stackalloc byte[sizeof(ulong)];
        _medium.Span(wordBytes, sizeof(ulong)).CopyTo(word);
        int dataFrom = (int)(endBytes - wordBytes);
        word[(int)Math.Max(0, targetBytes - wordBytes)..dataFrom].Clear();
        source[..Math.Min(source.Length, sizeof(ulong) - dataFrom)].CopyTo(word[dataFrom..]);
        _medium.Write(wordBytes, word);
    }

    private void MarkModifiedShared(Inode inode)
    {
        if (inode.Mark(PendingTimes.Modify))
        {
            context.TimeStamps.Add(inode);
        }
    }
}

using System.Runtime.CompilerServices;
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

/// <summary>Writing files that are not accessed directly. Each block that changes gets a new place, and one record switches to it and to its
/// checksum: at no moment does a checksum stand beside bytes that it is not of. <c>docs/decisions/0008-checksums-of-data.md</c> says
/// why. Allocates nothing once a thread has its buffer.</summary>
internal sealed unsafe partial class FileData
{
    /// <summary>Blocks that one record switches at most, which is up to how much a write is all or nothing.</summary>
    private const int MostPrivateBlocks = 256;

    /// <summary>With the smallest logs, whose records hold no more.</summary>
    private const int FewPrivateBlocks = 64;

    /// <summary>New runs of such a step. Each is up to five operations, with the cuts at its ends, and 160 bytes of the record.</summary>
    private const int MaxPrivatePieces = 8;

    /// <summary>Extents that such a step replaces. Each is two operations and 40 bytes.</summary>
    private const int MaxReplacedExtents = 30;

    private const int RecordBytesPerGroup = ChecksumRecord.MaxSizeBytes + LogOperation.SizeBytes + TreeKey.SizeBytes;

    private const int BufferBlocks = 16;

    [ThreadStatic]
    private static byte[]? _bufferOfThread;

    private int PrivateBlocksPerStep => _store.MaxRecordBytes >= 16 << 10 ? MostPrivateBlocks : FewPrivateBlocks;

    private Errno WritePrivateLocked(Inode inode, long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        Errno errno = BeginExtendingLocked(inode, offsetBytes);
        while (!source.IsEmpty && errno == Errno.Success)
        {
            errno = StorePrivateLocked(inode, offsetBytes, source.Length, source, out long doneBytes);
            writtenBytes += (int)doneBytes;
            offsetBytes += doneBytes;
            source = source[(int)doneBytes..];
        }

        return errno;
    }

    /// <summary>Makes bytes zeros that lie in written blocks; holes and unwritten blocks are left as they are.</summary>
    private Errno ZeroPrivateLocked(Inode inode, long offsetBytes, long endBytes)
    {
        Errno errno = Errno.Success;
        while (offsetBytes < endBytes && errno == Errno.Success)
        {
            long fileBlock = BlockOf(offsetBytes);
            long to = Math.Min(endBytes, (fileBlock + 1) << Geometry.BlockShift);
            LoadLocked(inode, fileBlock, fileBlock + 1);
            if (inode.Extents.TryFindWritten(fileBlock, out _, out _))
            {
                errno = StorePrivateLocked(inode, offsetBytes, to - offsetBytes, default, out _);
            }

            offsetBytes = to;
        }

        return errno;
    }

    /// <summary>Before the end moves on: what lies behind it in its block becomes zeros, if it is anything else. In a block that was written
    /// here it is zeros already.</summary>
    private Errno ZeroPrivateTailLocked(Inode inode)
    {
        long sizeBytes = inode.Record.SizeBytes;
        long fileBlock = BlockOf(sizeBytes);
        int inBlock = (int)(sizeBytes & (Geometry.BlockSize - 1));
        LoadLocked(inode, fileBlock, fileBlock + 1);
        if (inBlock == 0 || !inode.Extents.TryFindWritten(fileBlock, out long block, out _)
            || !_medium.Span((block << Geometry.BlockShift) + inBlock, Geometry.BlockSize - inBlock).ContainsAnyExcept((byte)0))
        {
            return Errno.Success;
        }

        return StorePrivateLocked(inode, sizeBytes, Geometry.BlockSize - inBlock, default, out _, keepsSize: true);
    }

    /// <summary>Writes the first bytes of a range, as many as one record switches.</summary>
    /// <param name="source">The bytes, or none for zeros.</param>
    /// <param name="doneBytes">How many were written; 0 when it fails.</param>
    /// <param name="keepsSize">The range may lie behind the end, and does not move it.</param>
    [SkipLocalsInit]
    private Errno StorePrivateLocked(
        Inode inode, long offsetBytes, long lengthBytes, ReadOnlySpan<byte> source, out long doneBytes, bool keepsSize = false)
    {
        doneBytes = 0;
        long fileBlock = BlockOf(offsetBytes);
        long end = Math.Min(BlocksFor(offsetBytes + lengthBytes), fileBlock + PrivateBlocksPerStep);
        LoadLocked(inode, fileBlock, end);
        WritePlan plan = WritePlan.Empty(_store.MaxRecordBytes);
        Errno errno = PlanPrivateLocked(inode, plan, fileBlock, end, out long plannedEnd);
        if (plannedEnd == fileBlock)
        {
            return errno;
        }

        long stored = Math.Min(lengthBytes, (plannedEnd << Geometry.BlockShift) - offsetBytes);
        Span<uint> checksums = stackalloc uint[MostPrivateBlocks];
        try
        {
            errno = StorePrivateData(inode, plan, offsetBytes, stored, source, checksums);
            if (errno == Errno.Success && context.Broken != BrokenVariant.SkipPrivateFence)
            {
                FenceBeforeRecord();
            }
        }
        catch
        {
            plan.ReturnReserved(_store.Space);
            throw;
        }

        if (errno != Errno.Success)
        {
            plan.ReturnReserved(_store.Space);
            return errno;
        }

        long newSizeBytes = keepsSize ? inode.Record.SizeBytes : Math.Max(inode.Record.SizeBytes, offsetBytes + stored);
        errno = RecordPrivateLocked(inode, plan, fileBlock, checksums[..(int)(plannedEnd - fileBlock)], newSizeBytes);
        doneBytes = errno == Errno.Success ? stored : 0;
        return errno;
    }

    /// <summary>Reserves a new place for every block. Unwritten ones, which no reader sees before the record, keep theirs, if that they are
    /// unwritten is durable: a crash that undoes it would find them overwritten beside their old checksums.</summary>
    private Errno PlanPrivateLocked(Inode inode, WritePlan plan, long fileBlock, long end, out long plannedEnd)
    {
        ExtentMap map = inode.Extents;
        bool keepsUnwritten = context.CommitsAreDurable;
        int replaced = 0;
        long room = context.Quotas.RoomBlocks(in inode.Record);
        plannedEnd = fileBlock;
        while (plannedEnd < end && plan.Pieces.Length < MaxPrivatePieces && replaced < MaxReplacedExtents)
        {
            int index = map.IndexOf(plannedEnd);
            if (index >= 0 && ((map.ExtentAt(index).IsUnwritten && keepsUnwritten) || context.Broken == BrokenVariant.PrivateInPlace))
            {
                plan.Add(PieceInPlace(map, index, plannedEnd, end));
                plannedEnd = plan.Pieces[^1].EndFileBlock;
                continue;
            }

            int next = index < 0 ? ~index : index;
            bool isBehindAll = next == map.Count;
            if (isBehindAll && room == 0)
            {
                return Errno.EDQUOT;
            }

            long runEnd = isBehindAll ? plannedEnd + Math.Min(room, end - plannedEnd) : Math.Min(end, ReplaceableEnd(map, next, keepsUnwritten, ref replaced));
            BlockAddress goal = plan.Pieces.IsEmpty ? GoalLocked(map, next, plannedEnd) : plan.Pieces[^1].Blocks.End;
            bool isGrowing = isBehindAll && runEnd << Geometry.BlockShift >= inode.Record.SizeBytes;
            Errno errno = ReserveLocked(
                inode, plannedEnd, runEnd - plannedEnd, goal, isGrowing ? Growth.Expected : Growth.None, out BlockExtent reserved);
            if (errno == Errno.ENOSPC && index >= 0 && map.ExtentAt(index).IsUnwritten)
            {
                // What was allocated for the file can be written also when the volume is full.
                _store.EnsureDurable();
                keepsUnwritten = true;
                continue;
            }

            if (errno != Errno.Success)
            {
                return errno;
            }

            room -= isBehindAll ? reserved.BlockCount : 0;
            plan.Add(new WritePiece(plannedEnd, reserved, isBehindAll ? WritePieceKind.Reserved : WritePieceKind.Replacing));
            plannedEnd = plan.Pieces[^1].EndFileBlock;
        }

        return Errno.Success;
    }

    private static WritePiece PieceInPlace(ExtentMap map, int index, long fileBlock, long end)
    {
        ExtentRecord extent = map.ExtentAt(index);
        long skip = fileBlock - map.FileBlockAt(index);
        long count = Math.Min(extent.BlockCount - skip, end - fileBlock);
        return new WritePiece(
            fileBlock, new BlockExtent(extent.Start + skip, count), extent.IsUnwritten ? WritePieceKind.Unwritten : WritePieceKind.Written);
    }

    /// <summary>Up to where extents and the holes between them can get new blocks at once.</summary>
    /// <param name="replaced">Counts the extents.</param>
    private static long ReplaceableEnd(ExtentMap map, int index, bool keepsUnwritten, ref int replaced)
    {
        while (!map.ExtentAt(index).IsUnwritten || !keepsUnwritten)
        {
            if (++replaced == MaxReplacedExtents || index + 1 == map.Count)
            {
                return map.EndAt(index);
            }

            index++;
        }

        return map.FileBlockAt(index);
    }

    /// <summary>Puts each block together in a buffer, takes its checksum there, and writes the buffer: what the caller's buffer holds a moment
    /// later does not matter.</summary>
    [SkipLocalsInit]
    private Errno StorePrivateData(
        Inode inode, WritePlan plan, long offsetBytes, long lengthBytes, ReadOnlySpan<byte> source, Span<uint> checksums)
    {
        Span<byte> buffer = _bufferOfThread ??= GC.AllocateUninitializedArray<byte>(BufferBlocks << Geometry.BlockShift);
        long endBytes = offsetBytes + lengthBytes;
        ChecksumGroup group = default;
        long loaded = NoGroup;
        int done = 0;
        foreach (WritePiece piece in plan.Pieces)
        {
            for (long at = piece.FileBlock; at < piece.EndFileBlock; at += BufferBlocks)
            {
                int count = (int)Math.Min(BufferBlocks, piece.EndFileBlock - at);
                for (int i = 0; i < count; i++)
                {
                    Span<byte> block = buffer.Slice(i << Geometry.BlockShift, Geometry.BlockSize);
                    long blockBytes = (at + i) << Geometry.BlockShift;
                    int from = (int)Math.Max(0, offsetBytes - blockBytes);
                    int to = (int)Math.Min(Geometry.BlockSize, endBytes - blockBytes);
                    if (from > 0 || to < Geometry.BlockSize)
                    {
                        // A bad block does not get a good checksum: only who overwrites all of it makes it good.
                        Errno errno = CopyVerified(inode, at + i, block, ref group, ref loaded);
                        if (errno != Errno.Success)
                        {
                            return errno;
                        }

                        int inFile = (int)Math.Clamp(inode.Record.SizeBytes - blockBytes, 0, Geometry.BlockSize);
                        block[inFile..].Clear();
                    }

                    if (source.IsEmpty)
                    {
                        block[from..to].Clear();
                    }
                    else
                    {
                        source.Slice((int)(blockBytes + from - offsetBytes), to - from).CopyTo(block[from..]);
                    }

                    checksums[done++] = Checksum.Of(block);
                }

                BlockAddress target = piece.Blocks.Start + (at - piece.FileBlock);
                _medium.Write(target.OffsetBytes, buffer[..(count << Geometry.BlockShift)]);
            }
        }

        return Errno.Success;
    }

    /// <summary>One transaction that switches to the new blocks, their checksums and the size.</summary>
    private Errno RecordPrivateLocked(Inode inode, WritePlan plan, long fileBlock, ReadOnlySpan<uint> checksums, long newSizeBytes)
    {
        Errno errno = _store.Begin(out Transaction transaction, TransactionSize.Large);
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
                SwitchPiece(transaction, ref editor, in piece);
            }

            if (RefusesGrowth(transaction, inode, editor.BlockDelta, plan))
            {
                return Errno.EDQUOT;
            }

            Timestamp now = context.Now();
            inode.Settle(now);
            record = inode.Record;
            record.ChecksumEpoch |= 1;
            PutChecksums(transaction, inode, fileBlock, checksums, record.ChecksumEpoch);
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

    private static void SwitchPiece(Transaction transaction, ref ExtentEditor editor, in WritePiece piece)
    {
        switch (piece.Kind)
        {
            case WritePieceKind.Replacing:
                transaction.Take(piece.Blocks);
                editor.Unmap(piece.FileBlock, piece.EndFileBlock, free: true);
                editor.Map(piece.FileBlock, new ExtentRecord(piece.Blocks.Start, (uint)piece.Blocks.BlockCount, ExtentFlags.None));
                break;
            case WritePieceKind.Reserved:
                transaction.Take(piece.Blocks);
                editor.Map(piece.FileBlock, new ExtentRecord(piece.Blocks.Start, (uint)piece.Blocks.BlockCount, ExtentFlags.None));
                break;
            case WritePieceKind.Unwritten:
                editor.SetFlags(piece.FileBlock, piece.Blocks.BlockCount, ExtentFlags.None);
                break;
            case WritePieceKind.Written:
                break;
        }
    }

    private void PutChecksums(Transaction transaction, Inode inode, long fileBlock, ReadOnlySpan<uint> checksums, uint epoch)
    {
        ChecksumGroup group = default;
        int done = 0;
        while (done < checksums.Length)
        {
            long number = ChecksumGroup.GroupOf(fileBlock + done);
            group.Load(transaction, inode.Number, number, epoch);
            bool hadAll = true;
            do
            {
                bool isNew = !group.TryGet(fileBlock + done, out _);
                if (isNew || context.Broken != BrokenVariant.StaleDataChecksum)
                {
                    group.Set(fileBlock + done, checksums[done]);
                    hadAll = false;
                }

                done++;
            }
            while (done < checksums.Length && ChecksumGroup.GroupOf(fileBlock + done) == number);

            if (!hadAll)
            {
                group.Put(transaction, inode.Number, number, epoch);
            }
        }
    }
}

using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>What the file's mapping asks for, and what it must be asked before the layout changes.</summary>
internal sealed partial class FileData
{
    /// <summary>Gives holes and unwritten blocks of a range, from its start and as many as one transaction takes, a content: it is durable
    /// before the record that makes it visible.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="fileBlock">The first file block; it has no written block.</param>
    /// <param name="end">Up to where; inside the file's size, rounded up.</param>
    /// <param name="content">Whole blocks, or empty for zeros. Then all of the range is one hole, short enough for one transaction.</param>
    public Errno GiveBlocksLocked(Inode inode, long fileBlock, long end, ReadOnlySpan<byte> content)
    {
        Errno errno = inode.TruncatingFrom != long.MaxValue ? FinishTruncationLocked(inode) : Errno.Success;
        if (errno != Errno.Success)
        {
            return errno;
        }

        LoadLocked(inode, fileBlock, end);
        if (context.Quotas.IsEnforced && HolesLocked(inode.Extents, fileBlock, end) > context.Quotas.RoomBlocks(in inode.Record))
        {
            // All or nothing, as far as is asked at once: what is mapped cannot be told that it is half there.
            return Errno.EDQUOT;
        }

        WritePlan plan = WritePlan.Empty(_store.MaxRecordBytes);
        errno = PlanLocked(inode, plan, fileBlock, end, Growth.None, out long plannedEnd);
        if (plannedEnd == fileBlock || (!content.IsEmpty && plannedEnd != end))
        {
            plan.ReturnReserved(_store.Space);
            return errno == Errno.Success ? Errno.ENOSPC : errno;
        }

        try
        {
            if (content.IsEmpty)
            {
                ZeroNew(plan);
            }
            else if (context.Broken == BrokenVariant.ConvertBeforeData)
            {
                errno = RecordPlanLocked(inode, plan, inode.Record.SizeBytes, ExtentFlags.None);
                StoreData(plan, fileBlock << Geometry.BlockShift, content);
                return errno;
            }
            else
            {
                StoreData(plan, fileBlock << Geometry.BlockShift, content);
            }

            FenceBeforeRecord();
        }
        catch
        {
            plan.ReturnReserved(_store.Space);
            throw;
        }

        return RecordPlanLocked(inode, plan, inode.Record.SizeBytes, ExtentFlags.None);
    }

    /// <summary>File blocks of a range, which the map covers, that have no block.</summary>
    private static long HolesLocked(ExtentMap map, long fileBlock, long end)
    {
        long holes = end - fileBlock;
        int index = map.IndexOf(fileBlock);
        for (index = index < 0 ? ~index : index; index < map.Count && map.FileBlockAt(index) < end; index++)
        {
            holes -= Math.Min(end, map.EndAt(index)) - Math.Max(fileBlock, map.FileBlockAt(index));
        }

        return holes;
    }

    private void ZeroNew(WritePlan plan)
    {
        foreach (WritePiece piece in plan.Pieces)
        {
            if (piece.Kind != WritePieceKind.Written && context.Broken != BrokenVariant.SkipZeroing)
            {
                _medium.WriteZeros(piece.Blocks.Start.OffsetBytes, piece.Blocks.LengthBytes);
            }
        }
    }

    /// <summary>After a write has given a range blocks, or has moved the end: who has the range mapped sees them.</summary>
    private static void BlocksAppeared(Inode inode, long offsetBytes, long lengthBytes) =>
        inode.Space?.BlocksAppeared(PageRange.OfBytes(offsetBytes, lengthBytes));

    /// <summary>Begins to move blocks that nobody need wait for: not if somebody has them mapped and cannot let go at once.</summary>
    /// <returns>False when they must stay. Else <see cref="LayoutBreak.End"/> follows.</returns>
    private static bool TryBeginMove(Inode inode, long fileBlock, long blockCount, out LayoutBreak change)
    {
        change = new LayoutBreak(inode.Space, new PageRange(new PageIndex(fileBlock), blockCount), new BreakOptions { NoWait = true });
        return change.TryBegin() == Errno.Success;
    }

    /// <summary>The pages whose blocks an allocation frees, moves or converts. In blocks that it does not fill only bytes change.</summary>
    public static PageRange ChangedBy(AllocateMode mode, long offsetBytes, long lengthBytes)
    {
        if (offsetBytes < 0 || lengthBytes <= 0 || offsetBytes > long.MaxValue - lengthBytes - Geometry.BlockSize)
        {
            return default;
        }

        PageRange whole = PageRange.Between(new PageIndex(BlocksFor(offsetBytes)), new PageIndex(BlockOf(offsetBytes + lengthBytes)));
        return (mode & ~AllocateMode.KeepSize) switch
        {
            AllocateMode.PunchHole or AllocateMode.ZeroRange => whole.IsEmpty ? default : whole,
            AllocateMode.CollapseRange or AllocateMode.InsertRange => PageRange.From(new PageIndex(BlockOf(offsetBytes))),
            _ => default,
        };
    }

    /// <summary>The bytes of the range are thrown away, not moved.</summary>
    public static bool Discards(AllocateMode mode) => (mode & (AllocateMode.PunchHole | AllocateMode.ZeroRange)) != 0;

    /// <summary>What a volume's options say to the core.</summary>
    public static BreakOptions BreakOptionsOf(ChangeOptions options, bool discards) =>
        new() { NoWait = options.NoWait, Cancellation = options.Cancellation, Discards = discards };

    /// <summary>The pages whose blocks a new size frees.</summary>
    public static PageRange ChangedBySize(Inode inode, long sizeBytes) =>
        sizeBytes >= inode.Record.SizeBytes ? default : PageRange.From(new PageIndex(BlocksFor(sizeBytes)));
}

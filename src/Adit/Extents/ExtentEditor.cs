using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Transactions;

namespace Adit.Extents;

/// <summary>Changes extents of one file, in a transaction and in the inode's map at once. The map must cover what is changed and one
/// block on either side; when the transaction is not committed, the map has to be cleared.</summary>
/// <remarks>Needs the inode's lock exclusively.</remarks>
internal ref struct ExtentEditor(Transaction transaction, InodeNumber inode, ExtentMap map)
{
    /// <summary>Operations of a transaction that taking away one extent, or a part of it, may need.</summary>
    public const int OperationsPerCut = 3;

    /// <summary>How many blocks the file has gained so far, or lost when negative.</summary>
    public long BlockDelta { get; private set; }

    /// <summary>Gives file blocks that have none their blocks, joining neighbours where they continue each other.</summary>
    public void Map(long fileBlock, ExtentRecord extent)
    {
        BlockDelta += extent.BlockCount;
        int index = ~map.IndexOf(fileBlock);
        Invariant.That(index >= 0);
        long end = fileBlock + extent.BlockCount;
        Invariant.That(index == map.Count || map.FileBlockAt(index) >= end);
        if (index < map.Count && map.FileBlockAt(index) == end && Continues(extent, map.ExtentAt(index)))
        {
            transaction.DeleteExtent(inode, end);
            extent = extent with { BlockCount = extent.BlockCount + map.ExtentAt(index).BlockCount };
            map.RemoveAt(index);
        }

        if (index > 0 && map.EndAt(index - 1) == fileBlock && Continues(map.ExtentAt(index - 1), extent))
        {
            index--;
            fileBlock = map.FileBlockAt(index);
            ExtentRecord left = map.ExtentAt(index);
            extent = left with { BlockCount = left.BlockCount + extent.BlockCount };
            map.SetAt(index, fileBlock, extent);
        }
        else
        {
            map.InsertAt(index, fileBlock, extent);
        }

        transaction.PutExtent(inode, fileBlock, extent);
    }

    /// <summary>Takes the blocks away from file blocks that lie within one extent, or one after another through several.</summary>
    /// <param name="free">Whether the blocks become free; else they go somewhere else in the same transaction.</param>
    /// <param name="keptOperations">Stops when the transaction would have room for fewer operations than this.</param>
    /// <returns>The file block up to which it came: <paramref name="endFileBlock"/> when all is done.</returns>
    public long Unmap(long fileBlock, long endFileBlock, bool free, int keptOperations = 0)
    {
        int index = map.IndexOf(fileBlock);
        index = index < 0 ? ~index : index;
        while (fileBlock < endFileBlock && index < map.Count && map.FileBlockAt(index) < endFileBlock)
        {
            long first = map.FileBlockAt(index);
            long end = map.EndAt(index);
            if (transaction.RoomOperations < keptOperations + OperationsPerCut)
            {
                return Math.Max(first, fileBlock);
            }

            ExtentRecord extent = map.ExtentAt(index);
            long from = Math.Max(first, fileBlock);
            long to = Math.Min(end, endFileBlock);
            if (free)
            {
                transaction.Free(new BlockExtent(extent.Start + (from - first), to - from));
            }

            BlockDelta -= to - from;
            index = Cut(index, first, end, from, to, extent);
        }

        return endFileBlock;
    }

    /// <summary>Marks file blocks of one extent as written or unwritten.</summary>
    public void SetFlags(long fileBlock, long blockCount, ExtentFlags flags)
    {
        int index = map.IndexOf(fileBlock);
        Invariant.That(index >= 0 && map.EndAt(index) >= fileBlock + blockCount);
        BlockAddress start = map.ExtentAt(index).Start + (fileBlock - map.FileBlockAt(index));
        Unmap(fileBlock, fileBlock + blockCount, free: false);
        Map(fileBlock, new ExtentRecord(start, (uint)blockCount, flags));
    }

    /// <returns>The index of the first extent behind the cut.</returns>
    private int Cut(int index, long first, long end, long from, long to, ExtentRecord extent)
    {
        bool keepsHead = first < from;
        bool keepsTail = to < end;
        ExtentRecord head = extent with { BlockCount = (uint)(from - first) };
        ExtentRecord tail = extent with { Start = extent.Start + (to - first), BlockCount = (uint)(end - to) };
        if (keepsHead)
        {
            transaction.PutExtent(inode, first, head);
            map.SetAt(index, first, head);
            index++;
        }
        else
        {
            transaction.DeleteExtent(inode, first);
            if (!keepsTail)
            {
                map.RemoveAt(index);
                return index;
            }
        }

        if (keepsTail)
        {
            transaction.PutExtent(inode, to, tail);
            if (keepsHead)
            {
                map.InsertAt(index, to, tail);
            }
            else
            {
                map.SetAt(index, to, tail);
            }
        }

        return index;
    }

    private static bool Continues(ExtentRecord left, ExtentRecord right) =>
        left.Start + left.BlockCount == right.Start && left.Flags == right.Flags
        && (ulong)left.BlockCount + right.BlockCount <= uint.MaxValue;
}

using Adit.Checksums;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Files;

/// <summary>Checksums that move with their blocks when a range is collapsed or inserted.</summary>
internal sealed partial class FileData
{
    /// <summary>What becomes of a file's checksums when the blocks from <paramref name="end"/> on move and those from
    /// <paramref name="fileBlock"/> up to there go: the records as they will be, an empty one where there will be none.</summary>
    private SortedDictionary<long, ChecksumGroup> ShiftedChecksums(Inode inode, long fileBlock, long end, long shiftBlocks)
    {
        SortedDictionary<long, ChecksumGroup> shifted = [];
        long first = ChecksumGroup.GroupOf(fileBlock);
        using TreeReader tree = _store.Read();
        TreeKey next = ChecksumRecord.Key(inode.Number, first);
        while (tree.TryGetAtOrAbove(next, out TreeKey found, out _) && ChecksumRecords.IsOf(found, inode.Number))
        {
            long number = (long)found.Offset;
            shifted.TryAdd(number, default);
            ChecksumGroup old = default;
            old.Load(in tree, inode.Number, number, inode.Record.ChecksumEpoch);
            for (int i = 0; i < ChecksumRecord.BlocksPerRecord; i++)
            {
                long block = (number << ChecksumRecord.BlocksPerRecordShift) + i;
                if (old.TryGet(block, out uint checksum) && (block < fileBlock || block >= end))
                {
                    long moved = block < fileBlock ? block : block + shiftBlocks;
                    shifted.TryGetValue(ChecksumGroup.GroupOf(moved), out ChecksumGroup group);
                    group.Set(moved, checksum);
                    shifted[ChecksumGroup.GroupOf(moved)] = group;
                }
            }

            next = found.Next();
        }

        return shifted;
    }

    private static void PutShifted(Transaction transaction, Inode inode, SortedDictionary<long, ChecksumGroup> shifted)
    {
        foreach ((long number, ChecksumGroup group) in shifted)
        {
            if (group.Mask == 0)
            {
                transaction.Delete(ChecksumRecord.Key(inode.Number, number));
            }
            else
            {
                group.Put(transaction, inode.Number, number, inode.Record.ChecksumEpoch);
            }
        }
    }
}

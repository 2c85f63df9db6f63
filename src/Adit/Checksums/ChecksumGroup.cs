using System.Numerics;
using System.Runtime.CompilerServices;
using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Checksums;

/// <summary>Checksums of 64 neighbouring file blocks, out of the tree.</summary>
internal struct ChecksumGroup
{
    private Sums _sums;

    /// <summary>By block: it has a checksum.</summary>
    public ulong Mask { get; private set; }

    public static long GroupOf(long fileBlock) => fileBlock >> ChecksumRecord.BlocksPerRecordShift;

    public static int IndexOf(long fileBlock) => (int)(fileBlock & (ChecksumRecord.BlocksPerRecord - 1));

    public readonly bool TryGet(long fileBlock, out uint checksum)
    {
        checksum = _sums[IndexOf(fileBlock)];
        return ((Mask >> IndexOf(fileBlock)) & 1) != 0;
    }

    public void Set(long fileBlock, uint checksum)
    {
        _sums[IndexOf(fileBlock)] = checksum;
        Mask |= 1UL << IndexOf(fileBlock);
    }

    /// <summary>Reads the checksums that count; none when there are none.</summary>
    /// <exception cref="TreeDamagedException">The record is damaged.</exception>
    public void Load(in TreeReader tree, InodeNumber inode, long group, uint epoch)
    {
        TreeKey key = ChecksumRecord.Key(inode, group);
        Take(tree.TryGet(key, out ReadOnlySpan<byte> value), key, value, epoch);
    }

    /// <summary>The same as it was before a transaction.</summary>
    public void Load(Transaction transaction, InodeNumber inode, long group, uint epoch)
    {
        TreeKey key = ChecksumRecord.Key(inode, group);
        Take(transaction.TryGet(key, out ReadOnlySpan<byte> value), key, value, epoch);
    }

    public readonly void Put(Transaction transaction, InodeNumber inode, long group, uint epoch)
    {
        Span<byte> value = stackalloc byte[ChecksumRecord.MaxSizeBytes];
        int lengthBytes = ChecksumRecord.Write(value, epoch, Mask, _sums);
        transaction.Put(ChecksumRecord.Key(inode, group), value[..lengthBytes]);
    }

    private void Take(bool isFound, TreeKey key, ReadOnlySpan<byte> value, uint epoch)
    {
        Mask = 0;
        if (!isFound)
        {
            return;
        }

        if (!ChecksumRecord.TryWrap(value, out ChecksumRecord record))
        {
            throw new TreeDamagedException($"{key}: not valid checksums");
        }

        if (record.Epoch != epoch)
        {
            return;
        }

        Mask = record.Mask;
        int rank = 0;
        for (ulong rest = Mask; rest != 0; rest &= rest - 1)
        {
            _sums[BitOperations.TrailingZeroCount(rest)] = record[rank++];
        }
    }

    [InlineArray(ChecksumRecord.BlocksPerRecord)]
    private struct Sums
    {
        private uint _first;
    }
}

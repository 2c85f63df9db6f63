using Adit.Format;

namespace Adit.Metadata.Trees;

/// <summary>Extents and the reverse map change together: the map is derived, and never out of step.</summary>
internal sealed unsafe partial class WorkingTree
{
    public void PutExtent(TreeKey key, ReadOnlySpan<byte> value)
    {
        ExtentRecord extent = ExtentRecord.Read(value);
        byte* remembered = FindRemembered(key, ExtentRecord.SizeBytes);
        if (remembered is not null)
        {
            Span<byte> place = new(remembered, ExtentRecord.SizeBytes);
            if (ExtentRecord.Read(place).Start == extent.Start)
            {
                value.CopyTo(place);
                PutReverse(key, extent);
                return;
            }
        }

        if (TryGet(key, out ReadOnlySpan<byte> old))
        {
            BlockAddress oldStart = ExtentRecord.Read(old).Start;
            if (oldStart != extent.Start)
            {
                Delete(ReverseMapRecord.KeyOf(oldStart, key.Inode, (long)key.Offset));
            }
        }

        Put(key, value);
        PutReverse(key, extent);
    }

    /// <summary>Makes an extent longer by the blocks behind it.</summary>
    public void GrowExtent(TreeKey key, BlockExtent added)
    {
        byte* place = FindRemembered(key, ExtentRecord.SizeBytes);
        if (place is null)
        {
            place = FindWorking(key, ExtentRecord.SizeBytes);
        }

        Span<byte> value = new(place, ExtentRecord.SizeBytes);
        ExtentRecord extent = ExtentRecord.Read(value);
        if (extent.Blocks.End != added.Start)
        {
            throw new TreeDamagedException($"The log makes {key} longer by {added}, but it ends at block {extent.Blocks.End.Value - 1}.");
        }

        extent = extent with { BlockCount = extent.BlockCount + (uint)added.BlockCount };
        extent.Write(value);
        PutReverse(key, extent);
    }

    /// <summary>Replaces some bytes of a value.</summary>
    public void Patch(TreeKey key, int offset, ReadOnlySpan<byte> bytes)
    {
        byte* place = FindRemembered(key, out int valueBytes);
        if (place is null)
        {
            place = FindWorking(key, out valueBytes);
        }

        if (offset + bytes.Length > valueBytes)
        {
            throw new TreeDamagedException($"The log changes bytes {offset}..{offset + bytes.Length - 1} of {key}, which has {valueBytes}.");
        }

        bytes.CopyTo(new Span<byte>(place + offset, bytes.Length));
    }

    private byte* FindWorking(TreeKey key, int expectedBytes)
    {
        byte* place = FindWorking(key, out int valueBytes);
        return valueBytes == expectedBytes
            ? place
            : throw new TreeDamagedException($"The record {key} has {valueBytes} bytes where {expectedBytes} are expected.");
    }

    /// <summary>A record's value in a working node.</summary>
    private byte* FindWorking(TreeKey key, out int valueBytes)
    {
        Node leaf = DescendWorking(key);
        int index = leaf.LowerBound(key, out bool isEqual);
        if (!isEqual)
        {
            throw new TreeDamagedException($"The log changes {key}, which is not there.");
        }

        Remember(key, leaf, index);
        valueBytes = leaf.Slots[index].ValueBytes;
        return leaf.Start + leaf.Slots[index].ValueOffset;
    }

    public void DeleteExtent(TreeKey key)
    {
        if (!TryGet(key, out ReadOnlySpan<byte> old))
        {
            return;
        }

        BlockAddress start = ExtentRecord.Read(old).Start;
        Delete(key);
        Delete(ReverseMapRecord.KeyOf(start, key.Inode, (long)key.Offset));
    }

    private void PutReverse(TreeKey key, ExtentRecord extent)
    {
        Span<byte> value = stackalloc byte[ReverseMapRecord.SizeBytes];
        new ReverseMapRecord(key.Inode, (long)key.Offset, extent.BlockCount).Write(value);
        Put(ReverseMapRecord.KeyOf(extent.Start, key.Inode, (long)key.Offset), value);
    }
}

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

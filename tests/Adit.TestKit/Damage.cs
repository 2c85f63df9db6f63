using Adit.Format;
using Adit.Format.Records;
using Adit.Media;
using Adit.Metadata.Trees;

namespace Adit.TestKit;

/// <summary>Changes what lies on a medium, as a failing medium does.</summary>
public static class Damage
{
    /// <summary>Changes a bit of a block of a file.</summary>
    /// <param name="medium">Where the volume is.</param>
    /// <param name="path">Of the file, which has the block.</param>
    /// <param name="fileBlock">Number of the block in the file.</param>
    /// <param name="at">Offset of the byte in the block.</param>
    public static unsafe void FlipBit(MemoryMedium medium, Volume volume, string path, long fileBlock, int at)
    {
        InodeNumber inode = volume.GetAttributes(path).Inode;
        using TreeReader tree = volume.Store.Read();
        if (!tree.TryGetAtOrBelow(new TreeKey(inode, RecordKind.Extent, (ulong)fileBlock), out TreeKey found, out ReadOnlySpan<byte> value))
        {
            throw new InvalidOperationException($"{path} has no block {fileBlock}");
        }

        ExtentRecord extent = ExtentRecord.Read(value);
        medium.Start[((extent.Start.Value + fileBlock - (long)found.Offset) << Geometry.BlockShift) + at] ^= 0x10;
    }
}

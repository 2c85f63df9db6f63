using Adit.Cli.Inspection;
using Adit.Format;

namespace Adit.Cli.Bench;

/// <summary>Writes new large files and measures how much of them huge pages can map.</summary>
internal static class LargeFiles
{
    private const int FileBytes = 16 << 20;
    private const int PieceBytes = 1 << 20;

    /// <summary>The share of the 2 MiB ranges of new files of 16 MiB that lie in one aligned chunk each.</summary>
    public static double MeasureShare(Volume volume, long totalBytes)
    {
        volume.CreateDirectory("/new");
        var piece = new byte[PieceBytes];
        Array.Fill(piece, (byte)1);
        long ranges = 0;
        long huge = 0;
        for (var index = 0; index < Math.Max(1, totalBytes / FileBytes); index++)
        {
            using var file = volume.OpenFile($"/new/{index}", FileMode.CreateNew);
            for (var offset = 0; offset < FileBytes; offset += PieceBytes)
            {
                file.Append(piece);
            }

            ranges += FileBytes >> Geometry.ChunkShift;
            ExtentWalk.OfInode(volume.Store, file.Attributes.Inode, (InodeNumber _, long fileBlock, in ExtentRecord extent) =>
                huge += HugeRanges.Count(fileBlock, extent));
        }

        return (double)huge / ranges;
    }
}

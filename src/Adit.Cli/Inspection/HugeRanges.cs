using Adit.Format;

namespace Adit.Cli.Inspection;

/// <summary>Which parts of an extent one huge page each can map: whole 2 MiB of the file over whole 2 MiB of the medium.</summary>
internal static class HugeRanges
{
    /// <summary>How many chunks of the medium an extent gives to huge mappings.</summary>
    public static long Count(long fileBlock, in ExtentRecord extent)
    {
        var (first, end) = Chunks(fileBlock, extent);
        return Math.Max(0, end - first);
    }

    /// <summary>The chunks of the medium that an extent gives to huge mappings: from first, up to but without end.</summary>
    public static (long First, long End) Chunks(long fileBlock, in ExtentRecord extent)
    {
        var start = extent.Start.Value;
        if (((start - fileBlock) & (Geometry.BlocksPerChunk - 1)) != 0)
        {
            return (0, 0);
        }

        return (
            (start + Geometry.BlocksPerChunk - 1) >> Geometry.BlocksPerChunkShift,
            (start + extent.BlockCount) >> Geometry.BlocksPerChunkShift);
    }
}

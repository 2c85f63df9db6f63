namespace Adit.Format;

/// <summary>Where the fixed parts of a volume lie: superblocks in the first and last block of chunk 0, the node map and the log
/// between them when they fit, else behind, each on a chunk of its own.</summary>
public readonly record struct VolumeLayout(
    long VolumeBlocks, long NodeMapStart, long NodeMapBlocks, long LogStart, long LogBlocks, long FirstUsableChunk)
{
    /// <summary>One chunk of fixed parts, one of nodes, two of data.</summary>
    public const long MinimumVolumeBytes = 4L * Geometry.ChunkSize;

    public const long MinimumLogBytes = 64 * 1024;

    public const long MaximumLogBytes = 64L * 1024 * 1024;

    public long ChunkCount => VolumeBlocks >> Geometry.BlocksPerChunkShift;

    /// <param name="volumeBytes">Rounded down to whole chunks.</param>
    /// <param name="logBytes">Wanted size of the log, or 0 for 1/64 of the volume within bounds.</param>
    public static VolumeLayout For(long volumeBytes, long logBytes)
    {
        long chunks = volumeBytes >> Geometry.ChunkShift;
        if (logBytes == 0)
        {
            logBytes = Math.Clamp(volumeBytes / 64, MinimumLogBytes, MaximumLogBytes);
        }

        long nodeMapBlocks = (chunks + NodeMapSlot.PerBlock - 1) / NodeMapSlot.PerBlock;
        long logBlocks = Math.Max(logBytes, MinimumLogBytes) >> Geometry.BlockShift;
        long cursor = 1;
        long nodeMapStart = Place(ref cursor, nodeMapBlocks);
        long logStart = Place(ref cursor, logBlocks);
        long end = Math.Max(cursor, Geometry.BlocksPerChunk);
        long firstUsable = (end + Geometry.BlocksPerChunk - 1) >> Geometry.BlocksPerChunkShift;
        return new VolumeLayout(
            chunks << Geometry.BlocksPerChunkShift, nodeMapStart, nodeMapBlocks, logStart, logBlocks, firstUsable);
    }

    private static long Place(ref long cursor, long blocks)
    {
        if (cursor < Superblock.SecondCopyBlock && cursor + blocks > Superblock.SecondCopyBlock)
        {
            cursor = Geometry.BlocksPerChunk;
        }

        long start = cursor;
        cursor += blocks;
        return start;
    }
}

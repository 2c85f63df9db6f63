namespace Adit.Format;

/// <summary>The sizes that everything on the medium is measured in.</summary>
public static class Geometry
{
    public const int BlockShift = 12;

    /// <summary>4 KiB: the unit of allocation.</summary>
    public const int BlockSize = 1 << BlockShift;

    public const int ChunkShift = 21;

    /// <summary>2 MiB: the unit that one huge page maps.</summary>
    public const int ChunkSize = 1 << ChunkShift;

    public const int BlocksPerChunkShift = ChunkShift - BlockShift;

    public const int BlocksPerChunk = 1 << BlocksPerChunkShift;
}

namespace Adit.Cli.Maps;

/// <summary>What every chunk of a volume is used for. Numbers that belong together only roughly while the volume is changed.</summary>
internal sealed record VolumeMap
{
    /// <summary>Above so many chunks (32 GiB) the map has no bits of single blocks.</summary>
    public const int MaxChunksWithBits = 16384;

    public required string Name { get; init; }

    public required string Label { get; init; }

    public required string Medium { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>A <see cref="ChunkKind"/> for each chunk.</summary>
    public required byte[] Kinds { get; init; }

    /// <summary>How many blocks of each chunk are taken, 0 to 512: two bytes each, little-endian.</summary>
    public required byte[] TakenBlocks { get; init; }

    /// <summary>A bit for each block, set when taken: 64 bytes a chunk, or empty for a large volume.</summary>
    public required byte[] Bits { get; init; }

    public required MapTotals Totals { get; init; }

    /// <summary>Bytes of free space by the length of its runs, shortest first: 4 KiB, 8 KiB ... 1 MiB, whole chunks.</summary>
    public required long[] FreeBytesByRun { get; init; }

    public int ChunkCount => Kinds.Length;

    public ChunkKind KindOf(int chunk) => (ChunkKind)Kinds[chunk];

    public int TakenOf(int chunk) => TakenBlocks[chunk * 2] | (TakenBlocks[(chunk * 2) + 1] << 8);
}

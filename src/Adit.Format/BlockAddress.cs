namespace Adit.Format;

/// <summary>A block of the medium, counted from its start.</summary>
public readonly record struct BlockAddress(long Value) : IComparable<BlockAddress>
{
    /// <summary>No block: block 0 holds the superblock and is never given out.</summary>
    public static BlockAddress None => default;

    public bool IsNone => Value == 0;

    public long OffsetBytes => Value << Geometry.BlockShift;

    /// <summary>The 2 MiB chunk that the block lies in.</summary>
    public long Chunk => Value >> Geometry.BlocksPerChunkShift;

    /// <summary>The block's place in its chunk, 0 to 511.</summary>
    public int IndexInChunk => (int)(Value & (Geometry.BlocksPerChunk - 1));

    public static BlockAddress OfChunk(long chunk, int index = 0) =>
        new((chunk << Geometry.BlocksPerChunkShift) + index);

    public static BlockAddress operator +(BlockAddress address, long blockCount) => new(address.Value + blockCount);

    public static long operator -(BlockAddress left, BlockAddress right) => left.Value - right.Value;

    public static bool operator <(BlockAddress left, BlockAddress right) => left.Value < right.Value;

    public static bool operator >(BlockAddress left, BlockAddress right) => left.Value > right.Value;

    public static bool operator <=(BlockAddress left, BlockAddress right) => left.Value <= right.Value;

    public static bool operator >=(BlockAddress left, BlockAddress right) => left.Value >= right.Value;

    public int CompareTo(BlockAddress other) => Value.CompareTo(other.Value);

    public override string ToString() => $"block {Value}";
}

namespace Adit.Format;

/// <summary>Consecutive blocks of the medium.</summary>
public readonly record struct BlockExtent(BlockAddress Start, long BlockCount)
{
    public BlockAddress End => Start + BlockCount;

    public bool IsEmpty => BlockCount == 0;

    public long LengthBytes => BlockCount << Geometry.BlockShift;

    public override string ToString() => $"blocks {Start.Value}..{End.Value - 1}";
}

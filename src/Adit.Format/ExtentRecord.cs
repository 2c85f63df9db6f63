using System.Buffers.Binary;

namespace Adit.Format;

/// <summary>The value of a <see cref="RecordKind.Extent"/> record: which blocks hold a run of file blocks.</summary>
public readonly record struct ExtentRecord(BlockAddress Start, uint BlockCount, ExtentFlags Flags)
{
    public const int SizeBytes = 16;

    public bool IsUnwritten => (Flags & ExtentFlags.Unwritten) != 0;

    public BlockExtent Blocks => new(Start, BlockCount);

    public static ExtentRecord Read(ReadOnlySpan<byte> value) => new(
        new BlockAddress(BinaryPrimitives.ReadInt64LittleEndian(value)),
        BinaryPrimitives.ReadUInt32LittleEndian(value[8..]),
        (ExtentFlags)BinaryPrimitives.ReadUInt32LittleEndian(value[12..]));

    public void Write(Span<byte> value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(value, Start.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(value[8..], BlockCount);
        BinaryPrimitives.WriteUInt32LittleEndian(value[12..], (uint)Flags);
    }
}

using System.Buffers.Binary;

namespace Adit.Format;

/// <summary>The value of a <see cref="RecordKind.ReverseMap"/> record: which file range a run of blocks belongs to. Derived
/// from the extents, changed with them, never logged.</summary>
public readonly record struct ReverseMapRecord(InodeNumber Inode, long FileBlock, uint BlockCount)
{
    public const int SizeBytes = 24;

    /// <summary>The key of the record for an extent: ordered by block, with room for several owners.</summary>
    public static TreeKey KeyOf(BlockAddress start, InodeNumber inode, long fileBlock)
    {
        ulong mixed = (inode.Value * 0x9E37_79B9_7F4A_7C15UL) ^ ((ulong)fileBlock * 0xC2B2_AE3D_27D4_EB4FUL);
        mixed ^= mixed >> 29;
        return new TreeKey(
            TreeKey.ReverseMapSpace | (ulong)start.Value,
            ((ulong)RecordKind.ReverseMap << 56) | (mixed & TreeKey.MaxOffset));
    }

    public static ReverseMapRecord Read(ReadOnlySpan<byte> value) => new(
        new InodeNumber(BinaryPrimitives.ReadUInt64LittleEndian(value)),
        BinaryPrimitives.ReadInt64LittleEndian(value[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(value[16..]));

    public void Write(Span<byte> value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(value, Inode.Value);
        BinaryPrimitives.WriteInt64LittleEndian(value[8..], FileBlock);
        BinaryPrimitives.WriteUInt32LittleEndian(value[16..], BlockCount);
        BinaryPrimitives.WriteUInt32LittleEndian(value[20..], 0);
    }
}

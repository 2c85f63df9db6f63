using System.Buffers.Binary;
using System.Numerics;

namespace Adit.Format.Records;

/// <summary>The value of a <see cref="RecordKind.DataChecksum"/> record: checksums of some of 64 neighbouring blocks of a file. 20 to 272
/// bytes. A view over bytes; made by <see cref="TryWrap"/> only.</summary>
public readonly ref struct ChecksumRecord
{
    /// <summary>File blocks that one record is for.</summary>
    public const int BlocksPerRecord = 64;

    public const int BlocksPerRecordShift = 6;

    /// <summary>With a checksum for each block.</summary>
    public const int MaxSizeBytes = HeadBytes + (BlocksPerRecord * sizeof(uint));

    private const int EpochOffset = 0;
    private const int ReservedOffset = EpochOffset + sizeof(uint);
    private const int MaskOffset = ReservedOffset + sizeof(uint);
    private const int HeadBytes = MaskOffset + sizeof(ulong);

    private readonly ReadOnlySpan<byte> _value;

    private ChecksumRecord(ReadOnlySpan<byte> value) => _value = value;

    /// <summary>The file's checksum epoch when the checksums were made: others than the inode's do not count.</summary>
    public uint Epoch => BinaryPrimitives.ReadUInt32LittleEndian(_value);

    /// <summary>By block: it has a checksum.</summary>
    public ulong Mask => BinaryPrimitives.ReadUInt64LittleEndian(_value[MaskOffset..]);

    /// <summary>The checksum of the n-th block that has one.</summary>
    public uint this[int rank] => BinaryPrimitives.ReadUInt32LittleEndian(_value[(HeadBytes + (rank * sizeof(uint)))..]);

    public static TreeKey Key(InodeNumber inode, long group) => new(inode, RecordKind.DataChecksum, (ulong)group);

    /// <returns>False when the bytes are no such record.</returns>
    public static bool TryWrap(ReadOnlySpan<byte> value, out ChecksumRecord record)
    {
        record = new ChecksumRecord(value);
        return value.Length >= HeadBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(value[ReservedOffset..]) == 0
            && record.Mask != 0
            && (record.Epoch & 1) != 0
            && value.Length == HeadBytes + (BitOperations.PopCount(record.Mask) * sizeof(uint));
    }

    /// <param name="target">At least <see cref="MaxSizeBytes"/>.</param>
    /// <param name="epoch">Odd.</param>
    /// <param name="mask">Not 0.</param>
    /// <param name="checksums">By block.</param>
    /// <returns>How many bytes it has.</returns>
    public static int Write(Span<byte> target, uint epoch, ulong mask, ReadOnlySpan<uint> checksums)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ReservedOffset..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[MaskOffset..], mask);
        int length = HeadBytes;
        for (ulong rest = mask; rest != 0; rest &= rest - 1)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target[length..], checksums[BitOperations.TrailingZeroCount(rest)]);
            length += sizeof(uint);
        }

        return length;
    }
}

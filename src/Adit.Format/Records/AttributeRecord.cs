using System.Buffers.Binary;

namespace Adit.Format.Records;

/// <summary>The value of a <see cref="RecordKind.Attribute"/> record: the name of an extended attribute and, when both fit
/// one record, its value. A longer value lies in <see cref="RecordKind.AttributeValue"/> records of
/// <see cref="PieceBytes"/> each (the last may be shorter). A view over checked bytes.</summary>
public readonly ref struct AttributeRecord
{
    public const int MaxNameBytes = 255;
    public const int MaxValueBytes = 64 << 10;
    public const int MaxSizeBytes = 1024;

    /// <summary>Bytes of a value in one piece.</summary>
    public const int PieceBytes = 1024;

    private const int ValueLengthOffset = 0;
    private const int NameLengthOffset = ValueLengthOffset + sizeof(uint);
    private const int PlacementOffset = NameLengthOffset + sizeof(byte);
    private const int ReservedOffset = PlacementOffset + sizeof(byte);
    private const int NameOffset = ReservedOffset + sizeof(ushort);

    private const byte Inline = 0;
    private const byte InPieces = 1;

    private readonly ReadOnlySpan<byte> _value;

    private AttributeRecord(ReadOnlySpan<byte> value) => _value = value;

    public int ValueLengthBytes => (int)BinaryPrimitives.ReadUInt32LittleEndian(_value);

    public ReadOnlySpan<byte> Name => _value.Slice(NameOffset, _value[NameLengthOffset]);

    public bool IsInline => _value[PlacementOffset] == Inline;

    /// <summary>The value, when it is inline.</summary>
    public ReadOnlySpan<byte> InlineValue => _value[(NameOffset + _value[NameLengthOffset])..];

    /// <summary>How many pieces hold the value.</summary>
    public int PieceCount => IsInline ? 0 : PiecesOf(ValueLengthBytes);

    public static TreeKey Key(InodeNumber inode, ulong offset) => new(inode, RecordKind.Attribute, offset);

    /// <summary>The key of one piece of the value of the attribute at <paramref name="attributeOffset"/>.</summary>
    public static TreeKey PieceKey(InodeNumber inode, ulong attributeOffset, int piece) =>
        new(inode, RecordKind.AttributeValue, (attributeOffset << 8) | (uint)piece);

    public static int PiecesOf(int valueLengthBytes) => (valueLengthBytes + PieceBytes - 1) / PieceBytes;

    public static bool FitsInline(int nameLengthBytes, int valueLengthBytes) =>
        NameOffset + nameLengthBytes + valueLengthBytes <= MaxSizeBytes;

    /// <returns>False when these bytes cannot be an attribute.</returns>
    public static bool TryWrap(ReadOnlySpan<byte> value, out AttributeRecord attribute)
    {
        attribute = new AttributeRecord(value);
        if (value.Length <= NameOffset || value.Length > MaxSizeBytes)
        {
            return false;
        }

        int nameLengthBytes = value[NameLengthOffset];
        uint valueLengthBytes = BinaryPrimitives.ReadUInt32LittleEndian(value);
        int inlineLengthBytes = value.Length - NameOffset - nameLengthBytes;
        return nameLengthBytes != 0 && valueLengthBytes <= MaxValueBytes
            && BinaryPrimitives.ReadUInt16LittleEndian(value[ReservedOffset..]) == 0
            && value[PlacementOffset] switch
            {
                Inline => inlineLengthBytes == valueLengthBytes,
                InPieces => inlineLengthBytes == 0,
                _ => false,
            };
    }

    /// <summary>Writes the record, with the value in it when that fits.</summary>
    /// <returns>How many bytes of <paramref name="record"/> it takes.</returns>
    public static int Write(Span<byte> record, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        bool fits = FitsInline(name.Length, value.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)value.Length);
        record[NameLengthOffset] = (byte)name.Length;
        record[PlacementOffset] = fits ? Inline : InPieces;
        BinaryPrimitives.WriteUInt16LittleEndian(record[ReservedOffset..], 0);
        name.CopyTo(record[NameOffset..]);
        if (!fits)
        {
            return NameOffset + name.Length;
        }

        value.CopyTo(record[(NameOffset + name.Length)..]);
        return NameOffset + name.Length + value.Length;
    }
}

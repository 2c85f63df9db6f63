using System.Buffers.Binary;

namespace Adit.Format.Records;

/// <summary>The value of a <see cref="RecordKind.DirectoryEntry"/> record: a name and the inode it stands for. A view over
/// bytes that <see cref="TryWrap"/> has checked; valid as long as those.</summary>
public readonly ref struct DirectoryEntryRecord
{
    public const int MaxNameBytes = 255;
    public const int MaxSizeBytes = NameOffset + MaxNameBytes;

    private const int InodeOffset = 0;
    private const int TypeOffset = InodeOffset + sizeof(ulong);
    private const int NameLengthOffset = TypeOffset + sizeof(byte);
    private const int NameOffset = NameLengthOffset + sizeof(byte);

    private readonly ReadOnlySpan<byte> _value;

    private DirectoryEntryRecord(ReadOnlySpan<byte> value) => _value = value;

    public InodeNumber Inode => new(BinaryPrimitives.ReadUInt64LittleEndian(_value));

    /// <summary>The type bits of st_mode, shifted down by 12.</summary>
    public byte Type => _value[TypeOffset];

    public uint TypeBits => (uint)Type << 12;

    public ReadOnlySpan<byte> Name => _value[NameOffset..];

    public static TreeKey Key(InodeNumber directory, ulong offset) => new(directory, RecordKind.DirectoryEntry, offset);

    /// <summary>What an entry with a name of so many bytes takes; a directory's size is the sum of these.</summary>
    public static int SizeBytes(int nameLengthBytes) => NameOffset + nameLengthBytes;

    /// <returns>False when these bytes cannot be an entry.</returns>
    public static bool TryWrap(ReadOnlySpan<byte> value, out DirectoryEntryRecord entry)
    {
        entry = new DirectoryEntryRecord(value);
        return value.Length > NameOffset && value[NameLengthOffset] == value.Length - NameOffset
            && entry.Inode.Value != 0 && entry.Type is > 0 and < 16;
    }

    /// <returns>How many bytes of <paramref name="value"/> the entry takes.</returns>
    public static int Write(Span<byte> value, InodeNumber inode, uint typeBits, ReadOnlySpan<byte> name)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(value, inode.Value);
        value[TypeOffset] = (byte)(typeBits >> 12);
        value[NameLengthOffset] = (byte)name.Length;
        name.CopyTo(value[NameOffset..]);
        return NameOffset + name.Length;
    }
}

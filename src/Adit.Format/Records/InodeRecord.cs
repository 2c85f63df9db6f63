using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Format.Records;

/// <summary>The value of a <see cref="RecordKind.Inode"/> record: the attributes of one inode. 112 bytes, little-endian,
/// copied as they are; what comes from a medium goes through <see cref="TryRead"/>.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytesOnMedium)]
public struct InodeRecord
{
    public const int SizeBytesOnMedium = 112;

    /// <summary>Largest size of a file: 2^55 bytes, so that a file block and its offset always fit a key.</summary>
    public const long MaxSizeBytes = 1L << 55;

    /// <summary>What a growing file changes, size to change time, lies together: it is recorded as one patch.</summary>
    public const int GrowthOffset = 16;

    public const int GrowthBytes = 40;

    private const uint NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Type and permission bits, as st_mode.</summary>
    [FieldOffset(0)]
    public uint Mode;

    /// <summary>Names of the inode; for a directory 2 and one for each directory in it.</summary>
    [FieldOffset(4)]
    public uint LinkCount;

    [FieldOffset(8)]
    public uint UserId;

    [FieldOffset(12)]
    public uint GroupId;

    /// <summary>Bytes of a file or of a symbolic link's target; for a directory, the bytes of its entries' records.</summary>
    [FieldOffset(16)]
    public long SizeBytes;

    /// <summary>Blocks of all its extents.</summary>
    [FieldOffset(24)]
    public long BlockCount;

    [FieldOffset(32)]
    public long ModifySeconds;

    [FieldOffset(40)]
    public long ChangeSeconds;

    [FieldOffset(48)]
    public uint ModifyNanoseconds;

    [FieldOffset(52)]
    public uint ChangeNanoseconds;

    [FieldOffset(56)]
    public long AccessSeconds;

    [FieldOffset(64)]
    public long BirthSeconds;

    [FieldOffset(72)]
    public uint AccessNanoseconds;

    [FieldOffset(76)]
    public uint BirthNanoseconds;

    /// <summary>Device number of a device node, in the 32-bit encoding of the kernel; else 0.</summary>
    [FieldOffset(80)]
    public uint Device;

    /// <summary>FS_*_FL bits.</summary>
    [FieldOffset(84)]
    public uint Flags;

    /// <summary>Always 1 while inode numbers are never used again.</summary>
    [FieldOffset(88)]
    public ulong Generation;

    /// <summary>For a directory: the directory that names it (the root names itself). For others: the directory that
    /// named it first or last, a hint that may be out of date.</summary>
    [FieldOffset(96)]
    public ulong Parent;

    /// <summary>Which project the inode counts for.</summary>
    [FieldOffset(104)]
    public uint ProjectId;

    /// <summary>Of a file: which of its checksum records count, those that carry the same number. Even: none; it grows by one whenever
    /// checksums begin or cease to be kept.</summary>
    [FieldOffset(108)]
    public uint ChecksumEpoch;

    /// <summary>The type bits of <see cref="Mode"/>.</summary>
    public readonly uint TypeBits => Mode & 0xF000;

    /// <summary>Blocks of the file may have checksums.</summary>
    public readonly bool KeepsChecksums => (ChecksumEpoch & 1) != 0;

    public readonly bool IsDirectory => TypeBits == 0x4000;

    public readonly bool IsRegular => TypeBits == 0x8000;

    public readonly bool IsSymbolicLink => TypeBits == 0xA000;

    public static TreeKey Key(InodeNumber inode) => new(inode, RecordKind.Inode, 0);

    /// <summary>Reads a record and checks what can be checked of it alone.</summary>
    /// <returns>False when these bytes cannot be an inode.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out InodeRecord record)
    {
        if (value.Length != SizeBytesOnMedium)
        {
            record = default;
            return false;
        }

        record = Unsafe.ReadUnaligned<InodeRecord>(ref MemoryMarshal.GetReference(value));
        return IsType(record.TypeBits) && record.Mode <= 0xFFFF
            && (ulong)record.SizeBytes <= MaxSizeBytes && record.BlockCount >= 0
            && record.AccessNanoseconds < NanosecondsPerSecond && record.ModifyNanoseconds < NanosecondsPerSecond
            && record.ChangeNanoseconds < NanosecondsPerSecond && record.BirthNanoseconds < NanosecondsPerSecond
            && (record.ChecksumEpoch == 0 || record.IsRegular);
    }

    /// <summary>Writes what <see cref="GrowthOffset"/> and <see cref="GrowthBytes"/> span, word by word (see <see cref="LogOperation.Pack"/>).</summary>
    public readonly void WriteGrowth(Span<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], (long)(ModifyNanoseconds | ((ulong)ChangeNanoseconds << 32)));
        BinaryPrimitives.WriteInt64LittleEndian(target, SizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], BlockCount);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], ModifySeconds);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], ChangeSeconds);
    }

    /// <summary>The bytes of the record as they are stored. Valid while the record is.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> AsBytes() =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<InodeRecord>(in this));

    private static bool IsType(uint typeBits) =>
        typeBits is 0x1000 or 0x2000 or 0x4000 or 0x6000 or 0x8000 or 0xA000 or 0xC000;
}

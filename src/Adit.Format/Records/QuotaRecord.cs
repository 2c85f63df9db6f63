using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Format.Records;

/// <summary>Whose usage a quota record counts. On the medium.</summary>
public enum QuotaKind
{
    /// <summary>The owner of an inode.</summary>
    User = 0,

    /// <summary>The group of an inode.</summary>
    Group = 1,

    /// <summary>The project of an inode; project 0 stands for none and is not counted.</summary>
    Project = 2,
}

/// <summary>The value of a <see cref="RecordKind.Quota"/> record under inode 0: what one user, group or project has, and may have. 64 bytes,
/// little-endian, copied as they are; what comes from a medium goes through <see cref="TryRead"/>.</summary>
/// <remarks>Blocks are those of inode records, 4 KiB each. A limit of 0 is none.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytesOnMedium)]
public struct QuotaRecord
{
    public const int SizeBytesOnMedium = 64;

    /// <summary>Usage and deadlines, which change with files, lie together: they are recorded as one patch.</summary>
    public const int UsageBytes = 32;

    /// <summary>Kinds there are.</summary>
    public const int KindCount = 3;

    [FieldOffset(0)]
    public long UsedBlocks;

    [FieldOffset(8)]
    public long UsedInodes;

    /// <summary>When the soft limit of blocks begins to bind, seconds since 1970; 0 while usage is not above it.</summary>
    [FieldOffset(16)]
    public long BlockDeadline;

    [FieldOffset(24)]
    public long InodeDeadline;

    [FieldOffset(32)]
    public long SoftBlocks;

    [FieldOffset(40)]
    public long HardBlocks;

    [FieldOffset(48)]
    public long SoftInodes;

    [FieldOffset(56)]
    public long HardInodes;

    /// <summary>The first key of all quota records.</summary>
    public static TreeKey FirstKey => new(InodeNumber.Volume, RecordKind.Quota, 0);

    public readonly bool HasLimits => (SoftBlocks | HardBlocks | SoftInodes | HardInodes) != 0;

    /// <summary>Says nothing: a record like this is not kept.</summary>
    public readonly bool IsEmpty => (UsedBlocks | UsedInodes) == 0 && !HasLimits;

    public static TreeKey Key(QuotaKind kind, uint id) => new(InodeNumber.Volume, RecordKind.Quota, OffsetOf(kind, id));

    /// <summary>The offset in a record's key.</summary>
    public static ulong OffsetOf(QuotaKind kind, uint id) => ((ulong)kind << 32) | id;

    public static QuotaKind KindOf(TreeKey key) => (QuotaKind)(key.Offset >> 32);

    public static uint IdOf(TreeKey key) => (uint)key.Offset;

    /// <summary>Whether a key of this kind can be one: of a known kind, and not of the project that is none.</summary>
    public static bool IsKey(TreeKey key) => key.Offset >> 32 < KindCount && key.Offset != OffsetOf(QuotaKind.Project, 0);

    /// <returns>False when these bytes cannot be a quota record.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out QuotaRecord record)
    {
        if (value.Length != SizeBytesOnMedium)
        {
            record = default;
            return false;
        }

        record = Unsafe.ReadUnaligned<QuotaRecord>(ref MemoryMarshal.GetReference(value));
        return (record.UsedBlocks | record.UsedInodes | record.BlockDeadline | record.InodeDeadline
            | record.SoftBlocks | record.HardBlocks | record.SoftInodes | record.HardInodes) >= 0;
    }

    /// <summary>The bytes of the record as they are stored. Valid while the record is.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> AsBytes() => MemoryMarshal.AsBytes(new ReadOnlySpan<QuotaRecord>(in this));
}

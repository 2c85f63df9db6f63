using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Format.Records;

/// <summary>What a volume does about quotas. On the medium.</summary>
public enum QuotaState : uint
{
    /// <summary>Usage is not kept; what quota records say of it means nothing.</summary>
    Off = 0,

    /// <summary>Usage covers the inodes below <see cref="QuotaSetting.Cursor"/>; limits do not bind yet.</summary>
    Counting = 1,

    /// <summary>Usage covers all inodes, and limits bind.</summary>
    On = 2,
}

/// <summary>The value of the <see cref="RecordKind.Setting"/> record of quotas under inode 0. 40 bytes, little-endian.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytesOnMedium)]
public struct QuotaSetting
{
    public const int SizeBytesOnMedium = 40;

    /// <summary>A week, as elsewhere.</summary>
    public const uint DefaultGraceSeconds = 7 * 24 * 3600;

    private const ulong SettingNumber = 1;

    [FieldOffset(0)]
    public QuotaState State;

    [FieldOffset(4)]
    public uint Reserved;

    /// <summary>While counting: the first inode number that usage does not cover yet; else 0.</summary>
    [FieldOffset(8)]
    public ulong Cursor;

    /// <summary>For users, groups and projects: how long usage may stay above a soft limit, of blocks, then of inodes; seconds.</summary>
    [FieldOffset(16)]
    public GraceTimes Graces;

    public static TreeKey Key => new(InodeNumber.Volume, RecordKind.Setting, SettingNumber);

    /// <summary>Quotas of a volume that never had any: off, with the usual periods of grace.</summary>
    public static QuotaSetting Initial
    {
        get
        {
            QuotaSetting setting = default;
            ((Span<uint>)setting.Graces).Fill(DefaultGraceSeconds);
            return setting;
        }
    }

    /// <returns>False when these bytes cannot be the setting.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out QuotaSetting setting)
    {
        if (value.Length != SizeBytesOnMedium)
        {
            setting = default;
            return false;
        }

        setting = Unsafe.ReadUnaligned<QuotaSetting>(ref MemoryMarshal.GetReference(value));
        return setting.State <= QuotaState.On && setting.Reserved == 0 && (setting.State == QuotaState.Counting || setting.Cursor == 0);
    }

    /// <summary>How long usage may stay above a soft limit, seconds.</summary>
    public readonly uint GraceOf(QuotaKind kind, bool ofInodes) => Graces[((int)kind * 2) + (ofInodes ? 1 : 0)];

    public void SetGrace(QuotaKind kind, bool ofInodes, uint seconds) => Graces[((int)kind * 2) + (ofInodes ? 1 : 0)] = seconds;

    /// <summary>Whether an inode is part of what usage says.</summary>
    public readonly bool Covers(ulong inode) => State == QuotaState.On || (State == QuotaState.Counting && inode < Cursor);

    /// <summary>The bytes of the setting as they are stored. Valid while the setting is.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> AsBytes() => MemoryMarshal.AsBytes(new ReadOnlySpan<QuotaSetting>(in this));

    [InlineArray(QuotaRecord.KindCount * 2)]
    public struct GraceTimes
    {
        private uint _first;
    }
}

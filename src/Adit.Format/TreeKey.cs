using System.Runtime.CompilerServices;

namespace Adit.Format;

/// <summary>The key of a record: inode, kind, then an offset of 56 bits whose meaning depends on the kind.
/// Ordered by inode, kind, offset.</summary>
public readonly record struct TreeKey : IComparable<TreeKey>
{
    public const int SizeBytes = 16;

    public const ulong MaxOffset = (1UL << 56) - 1;

    /// <summary>Reverse-map records live in a key space of their own, ordered by block.</summary>
    public const ulong ReverseMapSpace = 1UL << 63;

    public TreeKey(ulong high, ulong low)
    {
        High = high;
        Low = low;
    }

    public TreeKey(InodeNumber inode, RecordKind kind, ulong offset)
    {
        High = inode.Value;
        Low = ((ulong)kind << 56) | (offset & MaxOffset);
    }

    /// <summary>The inode's number, or the reverse map's block.</summary>
    public ulong High { get; }

    /// <summary>Kind in the top 8 bits, offset below.</summary>
    public ulong Low { get; }

    public InodeNumber Inode => new(High);

    public RecordKind Kind => (RecordKind)(Low >> 56);

    public ulong Offset => Low & MaxOffset;

    public static TreeKey Min => default;

    public static TreeKey Max => new(ulong.MaxValue, ulong.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CompareTo(TreeKey other) =>
        High != other.High ? (High < other.High ? -1 : 1) : Low.CompareTo(other.Low);

    public static bool operator <(TreeKey left, TreeKey right) => left.CompareTo(right) < 0;

    public static bool operator >(TreeKey left, TreeKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(TreeKey left, TreeKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(TreeKey left, TreeKey right) => left.CompareTo(right) >= 0;

    /// <summary>The key just above this one.</summary>
    public TreeKey Next() => Low == ulong.MaxValue ? new(High + 1, 0) : new(High, Low + 1);

    public override string ToString() => High >= ReverseMapSpace
        ? $"block {High - ReverseMapSpace} {Kind} {Offset:x}"
        : $"{Inode} {Kind} {Offset:x}";
}

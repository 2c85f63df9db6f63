using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>The head of a 4 KiB node of the tree. Slots of <see cref="NodeSlot"/> follow, in key order; in a leaf the values
/// fill the node from its end downwards.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct NodeHeader
{
    public const int SizeBytes = 64;

    /// <summary>"ANOD".</summary>
    public const uint ExpectedMagic = 0x444F_4E41;

    public const int ChecksumOffset = 4;

    /// <summary>A root is at most at this level; leaves are at 0.</summary>
    public const int MaxLevel = 12;

    [FieldOffset(0)] public uint Magic;
    [FieldOffset(ChecksumOffset)] public uint Crc;

    /// <summary>The block that this node lies in.</summary>
    [FieldOffset(8)] public long Address;

    /// <summary>The epoch of its birth.</summary>
    [FieldOffset(16)] public ulong Epoch;
    [FieldOffset(24)] public byte Level;
    [FieldOffset(25)] public byte Reserved0;
    [FieldOffset(26)] public ushort Count;

    /// <summary>Of a leaf: the lowest byte that a value uses.</summary>
    [FieldOffset(28)] public ushort HeapStart;

    /// <summary>Of a leaf: bytes of the heap that no slot refers to.</summary>
    [FieldOffset(30)] public ushort DeadBytes;

    /// <summary>The first 8 bytes of the volume's id.</summary>
    [FieldOffset(32)] public ulong VolumeTag;
    [FieldOffset(40)] public ulong Reserved1;
    [FieldOffset(48)] public ulong Reserved2;
    [FieldOffset(56)] public ulong Reserved3;
}

/// <summary>One slot of a node: a key, and in a leaf where its value lies, above the child's block. The first slot of an inner
/// node stands for all keys below the second.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct NodeSlot
{
    public const int SizeBytes = 24;

    [FieldOffset(0)] public ulong KeyHigh;
    [FieldOffset(8)] public ulong KeyLow;

    /// <summary>Of an inner node.</summary>
    [FieldOffset(16)] public long Child;

    /// <summary>Of a leaf: offset in the node, a multiple of 8.</summary>
    [FieldOffset(16)] public ushort ValueOffset;

    /// <summary>Of a leaf: without padding.</summary>
    [FieldOffset(18)] public ushort ValueBytes;

    /// <summary>Of a leaf: zero.</summary>
    [FieldOffset(20)] public uint Reserved;

    public readonly TreeKey Key => new(KeyHigh, KeyLow);
}

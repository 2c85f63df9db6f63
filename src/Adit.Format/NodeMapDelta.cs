using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>The head of a block with changes of the node map: the superblock leads to a chain of them, so that the changes
/// and the tree that needs them are published in one store. They are copied to their slots afterwards, and again by
/// every recovery that finds them.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct NodeMapDeltaHeader
{
    public const int SizeBytes = 64;

    /// <summary>"ADLT".</summary>
    public const uint ExpectedMagic = 0x544C_4441;

    public const int ChecksumOffset = 4;

    /// <summary>Slots that fit behind the header.</summary>
    public const int Capacity = (Geometry.BlockSize - SizeBytes) / NodeMapSlot.SizeBytes;

    [FieldOffset(0)] public uint Magic;
    [FieldOffset(ChecksumOffset)] public uint Crc;
    [FieldOffset(8)] public long Address;
    [FieldOffset(16)] public ulong Epoch;

    /// <summary>The next block of the chain, or 0.</summary>
    [FieldOffset(24)] public long Next;
    [FieldOffset(32)] public uint Count;
    [FieldOffset(36)] public uint Reserved0;
    [FieldOffset(40)] public ulong VolumeTag;
    [FieldOffset(48)] public ulong Reserved1;
    [FieldOffset(56)] public ulong Reserved2;
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>Which blocks of one node chunk hold nodes of the published tree. Every chunk of the volume has a slot, 128 bytes
/// in the node map; slots of chunks that never held nodes are zero.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct NodeMapSlot
{
    public const int SizeBytes = 128;

    public const int ChecksumOffset = 0;

    public const int PerBlock = Geometry.BlockSize / SizeBytes;

    [FieldOffset(ChecksumOffset)] public uint Crc;

    /// <summary>1 where the slot is in use.</summary>
    [FieldOffset(4)] public uint InUse;
    [FieldOffset(8)] public long Chunk;
    [FieldOffset(16)] public NodeBits Live;
    [FieldOffset(80)] public ReservedTail Reserved;

    /// <summary>Fills in the checksum.</summary>
    public void Seal()
    {
        Crc = 0;
        Crc = Checksum.OfExceptField(MemoryMarshal.AsBytes(new Span<NodeMapSlot>(ref this)), ChecksumOffset);
    }

    public bool Proves(long chunk) => InUse == 1 && Chunk == chunk
        && Crc == Checksum.OfExceptField(MemoryMarshal.AsBytes(new Span<NodeMapSlot>(ref this)), ChecksumOffset);

    [InlineArray(SizeBytes - 80)]
    public struct ReservedTail
    {
        private byte _first;
    }
}

/// <summary>512 bits, one a block of a chunk.</summary>
[InlineArray(8)]
public struct NodeBits
{
    private ulong _first;
}

using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Interop;
using Adit.Media;

namespace Adit.Metadata.Nodes;

/// <summary>Reads the chain of node-map changes that a superblock leads to.</summary>
internal static class NodeMapChain
{
    /// <summary>The chain's blocks, each of which has proved itself.</summary>
    /// <exception cref="VolumeException">A block does not.</exception>
    public static List<long> Read(Medium medium, VolumeLayout layout, in Superblock superblock)
    {
        List<long> blocks = [];
        long block = superblock.NodeMapChain;
        while (block != 0)
        {
            if (!TryReadHeader(medium, layout, superblock, block, out NodeMapDeltaHeader header) || blocks.Count > layout.ChunkCount)
            {
                throw new VolumeException(
                    Errno.EUCLEAN, $"{medium.Name} is damaged: the node-map changes at block {block} do not prove themselves; run 'adit fsck --repair'.");
            }

            blocks.Add(block);
            block = header.Next;
        }

        return blocks;
    }

    /// <summary>Copies a proved block's slots to their homes; durable after the next fence.</summary>
    public static void CopyToSlots(Medium medium, VolumeLayout layout, long block)
    {
        ReadOnlySpan<byte> bytes = medium.Span(block << Geometry.BlockShift, Geometry.BlockSize);
        NodeMapDeltaHeader header = MemoryMarshal.Read<NodeMapDeltaHeader>(bytes);
        ReadOnlySpan<NodeMapSlot> slots = MemoryMarshal.Cast<byte, NodeMapSlot>(bytes[NodeMapDeltaHeader.SizeBytes..]);
        for (int index = 0; index < header.Count; index++)
        {
            if (slots[index].Chunk >= 0 && slots[index].Chunk < layout.ChunkCount)
            {
                medium.Write(NodeMapHome.OffsetOf(layout, slots[index].Chunk), MemoryMarshal.AsBytes(slots.Slice(index, 1)));
            }
        }
    }

    private static bool TryReadHeader(Medium medium, VolumeLayout layout, in Superblock superblock, long block, out NodeMapDeltaHeader header)
    {
        header = default;
        if (block < layout.FirstUsableChunk << Geometry.BlocksPerChunkShift || block >= layout.VolumeBlocks)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = medium.Span(block << Geometry.BlockShift, Geometry.BlockSize);
        header = MemoryMarshal.Read<NodeMapDeltaHeader>(bytes);
        return header.Magic == NodeMapDeltaHeader.ExpectedMagic
            && header.Crc == Checksum.OfExceptField(bytes, NodeMapDeltaHeader.ChecksumOffset)
            && header.Address == block
            && header.Epoch == superblock.Epoch
            && header.VolumeTag == VolumeTag.Of(superblock.VolumeId)
            && header.Count <= NodeMapDeltaHeader.Capacity;
    }
}

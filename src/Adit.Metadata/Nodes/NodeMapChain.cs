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

    /// <summary>The same into a table, for who must not change the medium.</summary>
    public static void CopyTo(Medium medium, VolumeLayout layout, long block, Dictionary<long, NodeMapSlot> changes)
    {
        ReadOnlySpan<byte> bytes = medium.Span(block << Geometry.BlockShift, Geometry.BlockSize);
        NodeMapDeltaHeader header = MemoryMarshal.Read<NodeMapDeltaHeader>(bytes);
        ReadOnlySpan<NodeMapSlot> slots = MemoryMarshal.Cast<byte, NodeMapSlot>(bytes[NodeMapDeltaHeader.SizeBytes..]);
        for (int index = 0; index < header.Count; index++)
        {
            if (slots[index].Chunk >= 0 && slots[index].Chunk < layout.ChunkCount)
            {
                changes[slots[index].Chunk] = slots[index];
            }
        }
    }

    /// <summary>Writes a chain; durable after the next fence.</summary>
    /// <param name="medium">Where.</param>
    /// <param name="blocks">Enough blocks for the slots.</param>
    /// <param name="slots">Sealed.</param>
    /// <param name="epoch">The epoch whose changes these are.</param>
    /// <param name="volumeTag">Whose.</param>
    public static unsafe void Write(Medium medium, ReadOnlySpan<long> blocks, ReadOnlySpan<NodeMapSlot> slots, ulong epoch, ulong volumeTag)
    {
        for (int index = 0; index < blocks.Length; index++)
        {
            Span<byte> bytes = new(medium.Start + (blocks[index] << Geometry.BlockShift), Geometry.BlockSize);
            bytes.Clear();
            int count = Math.Min(NodeMapDeltaHeader.Capacity, slots.Length);
            slots[..count].CopyTo(MemoryMarshal.Cast<byte, NodeMapSlot>(bytes[NodeMapDeltaHeader.SizeBytes..]));
            slots = slots[count..];
            NodeMapDeltaHeader header = new()
            {
                Magic = NodeMapDeltaHeader.ExpectedMagic,
                Address = blocks[index],
                Epoch = epoch,
                Next = index + 1 < blocks.Length ? blocks[index + 1] : 0,
                Count = (uint)count,
                VolumeTag = volumeTag,
            };
            MemoryMarshal.Write(bytes, in header);
            header.Crc = Checksum.OfExceptField(bytes, NodeMapDeltaHeader.ChecksumOffset);
            MemoryMarshal.Write(bytes, in header);
            medium.MarkStored(blocks[index] << Geometry.BlockShift, Geometry.BlockSize);
        }

        Invariant.That(slots.IsEmpty, "the chain has room for every changed chunk");
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

using Adit.Format;

namespace Adit.Metadata.Trees;

/// <summary>Decides whether 4 KiB from a medium are a sound node: first by checksum, then in every field that an access
/// relies on, so that no later access needs to look again.</summary>
public static unsafe class NodeProof
{
    /// <param name="start">The node's first byte.</param>
    /// <param name="block">Where it lies.</param>
    /// <param name="volumeTag">Whose it should be.</param>
    /// <param name="maxEpoch">No published node is younger.</param>
    /// <returns>Null when the node is sound, else what is wrong, as the rest of a sentence.</returns>
    public static string? Find(byte* start, long block, ulong volumeTag, ulong maxEpoch)
    {
        Node node = new(start);
        ref NodeHeader header = ref node.Header;
        if (header.Magic != NodeHeader.ExpectedMagic)
        {
            return $"has magic {header.Magic:x8} where {NodeHeader.ExpectedMagic:x8} is expected";
        }

        uint crc = Checksum.OfExceptField(new ReadOnlySpan<byte>(start, Geometry.BlockSize), NodeHeader.ChecksumOffset);
        if (header.Crc != crc)
        {
            return $"has checksum {header.Crc:x8} where its bytes give {crc:x8}";
        }

        if (header.Address != block)
        {
            return $"says that it lies at block {header.Address}";
        }

        if (header.VolumeTag != volumeTag)
        {
            return "belongs to another volume";
        }

        if (header.Epoch > maxEpoch)
        {
            return $"is of epoch {header.Epoch}, after the published epoch {maxEpoch}";
        }

        if (header.Level > NodeHeader.MaxLevel)
        {
            return $"is of level {header.Level}, above {NodeHeader.MaxLevel}";
        }

        return header.Level == 0 ? FindInLeaf(node) : FindInInner(node);
    }

    private static string? FindInInner(Node node)
    {
        if (node.Count == 0 || node.Count > Node.MaxChildren)
        {
            return $"has {node.Count} children";
        }

        // The first key says nothing.
        for (int index = 2; index < node.Count; index++)
        {
            if (node.KeyAt(index) <= node.KeyAt(index - 1))
            {
                return $"has its keys {index - 1} and {index} out of order";
            }
        }

        return null;
    }

    private static string? FindInLeaf(Node node)
    {
        int slotsEnd = NodeHeader.SizeBytes + (node.Count * NodeSlot.SizeBytes);
        if (node.Header.HeapStart < slotsEnd || node.Header.HeapStart > Geometry.BlockSize)
        {
            return $"has {node.Count} records and values from byte {node.Header.HeapStart} on";
        }

        int valueBytes = 0;
        for (int index = 0; index < node.Count; index++)
        {
            NodeSlot slot = node.Slots[index];
            int padded = Node.PaddedLength(slot.ValueBytes);
            valueBytes += padded;
            if ((padded > 0 && slot.ValueOffset < node.Header.HeapStart) || slot.ValueOffset + padded > Geometry.BlockSize || (slot.ValueOffset & 7) != 0)
            {
                return $"has value {index} at bytes {slot.ValueOffset}..{slot.ValueOffset + slot.ValueBytes}";
            }

            if (index > 0 && slot.Key <= node.KeyAt(index - 1))
            {
                return $"has its keys {index - 1} and {index} out of order";
            }
        }

        return valueBytes + node.Header.DeadBytes != Geometry.BlockSize - node.Header.HeapStart
            ? $"has {node.Header.DeadBytes} unused bytes, which does not add up"
            : null;
    }
}

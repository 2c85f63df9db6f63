using System.Numerics;
using System.Runtime.InteropServices;
using Adit.Format;

namespace Adit.Metadata.Nodes;

/// <summary>What a checkpoint does with the node chunks: freeze what the closed epoch knows, write it, let go of what it replaced.</summary>
internal sealed partial class NodeSpace
{
    private readonly List<NodeChunk> _closed = [];
    private readonly List<NodeChunk> _retired = [];

    /// <summary>Blocks of the chain that the next checkpoint needs, if the epoch were closed now.</summary>
    public int ChainBlocksNeeded => (_touched.Count + _retired.Count + NodeMapDeltaHeader.Capacity) / NodeMapDeltaHeader.Capacity;

    /// <summary>Chunks that go back to the data with the epoch being closed.</summary>
    public IReadOnlyList<NodeChunk> Retired => _retired;

    /// <summary>Freezes the epoch's picture. Called at the instant when the epoch closes.</summary>
    public void Close()
    {
        Invariant.That(_closed.Count == 0, "one checkpoint is written at a time");
        foreach (NodeChunk chunk in _touched)
        {
            chunk.ClosedLive = chunk.Live;
            chunk.ClosedDirty = chunk.Dirty;
            chunk.ClosedFreed = chunk.Freed;
            chunk.Dirty = default;
            chunk.Freed = default;
            chunk.IsTouched = false;
            _closed.Add(chunk);
        }

        _touched.Clear();
    }

    /// <summary>Completes the closed epoch's nodes with their checksums and starts writing them back. Runs beside transactions:
    /// nodes of a closed epoch do not change.</summary>
    /// <returns>How many there are.</returns>
    public unsafe long WriteClosedNodes()
    {
        long count = 0;
        foreach (NodeChunk chunk in _closed)
        {
            for (int word = 0; word < 8; word++)
            {
                for (ulong bits = chunk.ClosedDirty[word]; bits != 0; bits &= bits - 1)
                {
                    long block = (chunk.Chunk << Geometry.BlocksPerChunkShift) + (word << 6) + BitOperations.TrailingZeroCount(bits);
                    WriteNode(block);
                    count++;
                }
            }
        }

        return count;
    }

    /// <summary>Writes the closed epoch's changes of the map to the chain's blocks.</summary>
    public unsafe void WriteChain(ReadOnlySpan<long> blocks, ulong epoch, ulong volumeTag)
    {
        int next = 0;
        for (int index = 0; index < blocks.Length; index++)
        {
            Span<byte> bytes = new(medium.Start + (blocks[index] << Geometry.BlockShift), Geometry.BlockSize);
            bytes.Clear();
            Span<NodeMapSlot> slots = MemoryMarshal.Cast<byte, NodeMapSlot>(bytes[NodeMapDeltaHeader.SizeBytes..]);
            int count = 0;
            while (count < NodeMapDeltaHeader.Capacity && next < _closed.Count)
            {
                slots[count++] = SlotFor(_closed[next++]);
            }

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

        Invariant.That(next == _closed.Count, "the chain has room for every changed chunk");
    }

    /// <summary>Copies the closed epoch's changes to their slots. The chain is published: a crash in between is mended by
    /// the next recovery.</summary>
    public void WriteSlots()
    {
        foreach (NodeChunk chunk in _closed)
        {
            NodeMapSlot slot = SlotFor(chunk);
            medium.Write(NodeMapHome.OffsetOf(layout, chunk.Chunk), MemoryMarshal.AsBytes(new ReadOnlySpan<NodeMapSlot>(in slot)));
        }
    }

    /// <summary>The closed epoch is published: what it replaced is free.</summary>
    /// <param name="reserve">Free nodes to keep before a chunk without nodes is given back.</param>
    public void ReleaseClosed(long reserve)
    {
        foreach (NodeChunk chunk in _closed)
        {
            for (int word = 0; word < 8; word++)
            {
                for (ulong bits = chunk.ClosedFreed[word]; bits != 0; bits &= bits - 1)
                {
                    ClearBusy(chunk, (word << 6) + BitOperations.TrailingZeroCount(bits));
                    _held--;
                }
            }

            if (chunk.BusyCount == 0 && !chunk.IsRetired && FreeCount - Geometry.BlocksPerChunk >= reserve)
            {
                chunk.IsRetired = true;
                FreeCount -= Geometry.BlocksPerChunk;
                _retired.Add(chunk);
                if (_current == chunk)
                {
                    _current = null;
                }
            }
        }

        _closed.Clear();
    }

    /// <summary>The epoch in which chunks were retired is published: they belong to the data.</summary>
    public void GiveBackRetired(int count)
    {
        for (int index = 0; index < count; index++)
        {
            NodeChunk chunk = _retired[index];
            _chunks.Remove(chunk.Chunk);
            space.GiveBackNodeChunk(chunk.Chunk);
        }

        _retired.RemoveRange(0, count);
    }

    private static NodeMapSlot SlotFor(NodeChunk chunk)
    {
        NodeMapSlot slot = new() { InUse = 1, Chunk = chunk.Chunk, Live = chunk.ClosedLive };
        slot.Seal();
        return slot;
    }

    private unsafe void WriteNode(long block)
    {
        long offset = block << Geometry.BlockShift;
        Span<byte> bytes = new(medium.Start + offset, Geometry.BlockSize);
        ref NodeHeader header = ref *(NodeHeader*)(medium.Start + offset);
        header.Crc = Checksum.OfExceptField(bytes, NodeHeader.ChecksumOffset);
        if (broken != BrokenVariant.SkipNodeFlush)
        {
            medium.MarkStored(offset, Geometry.BlockSize);
        }
    }
}

using Adit.Format;
using Adit.Media;
using Adit.Metadata.Space;

namespace Adit.Metadata.Nodes;

/// <summary>The blocks that tree nodes live in: whole chunks of their own, whose map lies beside the tree, so that the tree
/// never has to describe its own change.</summary>
/// <remarks>
/// <para>Invariants: a block is given out only when neither the published tree, nor the working tree, nor an epoch that is being
/// written refers to it. A node of the working epoch can be reused at once; an older one when the checkpoint of the epoch that
/// replaced it is durable.</para>
/// <para>Locks: the store's transaction lock guards everything here.</para>
/// <para>Failure: a map slot that does not prove itself makes its chunk count as full, and is remembered for the checker.</para>
/// </remarks>
internal sealed partial class NodeSpace(Medium medium, VolumeLayout layout, SpaceAllocator space, BrokenVariant broken)
{
    private readonly Dictionary<long, NodeChunk> _chunks = [];
    private readonly List<NodeChunk> _touched = [];
    private readonly Stack<NodeChunk> _withRoom = new();
    private NodeChunk? _current;
    private long _held;

    /// <summary>Blocks that can be given out without taking another chunk.</summary>
    public long FreeCount { get; private set; }

    /// <summary>Nodes of the working tree, where known; set when the store opens.</summary>
    public long LiveCount { get; set; }

    /// <summary>Map slots that did not prove themselves.</summary>
    public int DamagedSlotCount { get; private set; }

    /// <summary>Gives out a block for a node of the working tree.</summary>
    public long Allocate()
    {
        long block = TakeFree(out NodeChunk chunk, out int index);
        if (medium.IsReadOnly && medium.Reserve(block << Geometry.BlockShift, Geometry.BlockSize) is var refusal and not Interop.Errno.Success)
        {
            // A chunk that held nodes before this opening: only a medium that keeps stores to itself has to be asked again.
            throw new MediumException(refusal, $"{medium.Name}: no memory for the nodes that recovery changes.");
        }

        NodeChunk.Set(ref chunk.Live, index);
        NodeChunk.Set(ref chunk.Dirty, index);
        LiveCount++;
        return block;
    }

    /// <summary>Gives out a block that no tree refers to: it stays busy until <see cref="ReleaseHeld"/>.</summary>
    public long AllocateHeld() => TakeFree(out _, out _);

    public void ReleaseHeld(long block)
    {
        NodeChunk chunk = ChunkOf(block >> Geometry.BlocksPerChunkShift);
        ClearBusy(chunk, (int)(block & (Geometry.BlocksPerChunk - 1)));
    }

    /// <summary>Keeps a block from being given out that the published superblock refers to.</summary>
    public void Hold(long block)
    {
        NodeChunk chunk = ChunkOf(block >> Geometry.BlocksPerChunkShift);
        int index = (int)(block & (Geometry.BlocksPerChunk - 1));
        if (!NodeChunk.Has(chunk.Busy, index))
        {
            NodeChunk.Set(ref chunk.Busy, index);
            chunk.BusyCount++;
            FreeCount--;
        }
    }

    /// <summary>A node leaves the working tree.</summary>
    public void Free(long block, bool isWorking)
    {
        NodeChunk chunk = ChunkOf(block >> Geometry.BlocksPerChunkShift);
        int index = (int)(block & (Geometry.BlocksPerChunk - 1));
        Invariant.That(NodeChunk.Has(chunk.Live, index), "a node that leaves the tree was in it");
        Touch(chunk);
        NodeChunk.Clear(ref chunk.Live, index);
        LiveCount--;
        if (isWorking || broken == BrokenVariant.ReuseNodeEarly)
        {
            NodeChunk.Clear(ref chunk.Dirty, index);
            ClearBusy(chunk, index);
        }
        else
        {
            NodeChunk.Set(ref chunk.Freed, index);
            _held++;
        }
    }

    /// <summary>Makes sure that <paramref name="count"/> nodes can be given out, taking chunks when needed.</summary>
    /// <returns>False when there is no room; a checkpoint may free some.</returns>
    public bool TryEnsureFree(long count)
    {
        while (FreeCount < count)
        {
            if (!space.TryTakeChunkForNodes(_current?.Chunk ?? 0, out long chunk))
            {
                return false;
            }

            if (medium.Reserve(chunk << Geometry.ChunkShift, Geometry.ChunkSize) != Interop.Errno.Success)
            {
                space.GiveBackNodeChunk(chunk);
                return false;
            }

            Adopt(chunk);
        }

        return true;
    }

    /// <summary>Nodes that the next checkpoints will free.</summary>
    public long HeldCount => _held;

    /// <summary>Starts using a chunk that holds no nodes yet.</summary>
    public void Adopt(long chunk)
    {
        NodeChunk added = new(chunk);
        _chunks[chunk] = added;
        Touch(added);
        FreeCount += Geometry.BlocksPerChunk;
        _withRoom.Push(added);
    }

    /// <summary>Reads the map of chunks that had room when the volume was closed.</summary>
    public void LoadHints(in Superblock.ChunkHints hints)
    {
        for (int index = 0; index < Superblock.HintCount; index++)
        {
            if (hints[index] >= layout.FirstUsableChunk && hints[index] < layout.ChunkCount)
            {
                ChunkOf(hints[index]);
            }
        }
    }

    public Superblock.ChunkHints MakeHints()
    {
        Superblock.ChunkHints hints = default;
        int count = 0;
        foreach (NodeChunk chunk in _chunks.Values)
        {
            if (count == Superblock.HintCount)
            {
                break;
            }

            if (chunk.BusyCount < Geometry.BlocksPerChunk && !chunk.IsRetired)
            {
                hints[count++] = chunk.Chunk;
            }
        }

        return hints;
    }

    private long TakeFree(out NodeChunk chunk, out int index)
    {
        while (true)
        {
            if (_current is null)
            {
                bool hasRoom = _withRoom.TryPop(out _current);
                Invariant.That(hasRoom, "nodes are set aside before a transaction begins");
            }

            chunk = _current!;
            index = chunk.IsRetired ? -1 : chunk.FindFree();
            if (index >= 0)
            {
                break;
            }

            _current = null;
        }

        Touch(chunk);
        NodeChunk.Set(ref chunk.Busy, index);
        chunk.BusyCount++;
        FreeCount--;
        return (chunk.Chunk << Geometry.BlocksPerChunkShift) + index;
    }

    private void ClearBusy(NodeChunk chunk, int index)
    {
        if (chunk.BusyCount == Geometry.BlocksPerChunk && chunk != _current)
        {
            _withRoom.Push(chunk);
        }

        NodeChunk.Clear(ref chunk.Busy, index);
        chunk.BusyCount--;
        FreeCount++;
    }

    private void Touch(NodeChunk chunk)
    {
        if (!chunk.IsTouched)
        {
            chunk.IsTouched = true;
            _touched.Add(chunk);
        }
    }

    private NodeChunk ChunkOf(long number)
    {
        if (!_chunks.TryGetValue(number, out NodeChunk? chunk))
        {
            chunk = Load(number);
            _chunks[number] = chunk;
        }

        return chunk;
    }

    private unsafe NodeChunk Load(long number)
    {
        NodeChunk chunk = new(number);
        NodeMapSlot slot = *NodeMapHome.SlotOf(medium, layout, number);
        if (slot.Proves(number))
        {
            chunk.Live = slot.Live;
        }
        else
        {
            DamagedSlotCount++;
            for (int word = 0; word < 8; word++)
            {
                chunk.Live[word] = ulong.MaxValue;
            }
        }

        chunk.Busy = chunk.Live;
        chunk.BusyCount = NodeChunk.CountOf(chunk.Busy);
        FreeCount += Geometry.BlocksPerChunk - chunk.BusyCount;
        if (chunk.BusyCount < Geometry.BlocksPerChunk)
        {
            _withRoom.Push(chunk);
        }

        return chunk;
    }
}

using Adit.Format;
using Adit.Interop;

namespace Adit.Metadata.Space;

/// <summary>Chunks for the nodes of the tree. Under the transaction lock.</summary>
public sealed partial class SpaceAllocator
{
    /// <summary>Turns a wholly free chunk into one for nodes: the first at or above <paramref name="near"/>, else the first.</summary>
    /// <returns>False when no chunk is wholly free, or the host is full.</returns>
    public bool TryTakeChunkForNodes(long near, out long chunk)
    {
        for (; ; )
        {
            using (_lock.Enter())
            {
                RefreshStaleLocked();
                var whole = _sets[ChunkClass.Whole];
                chunk = whole is null ? -1 : whole.NextAtOrAbove(Math.Max(0, near));
                if (chunk < 0 && whole is not null)
                {
                    chunk = whole.NextAtOrAbove(0);
                }

                if (chunk >= 0 && IsHostedLocked(chunk))
                {
                    BecomeNodesLocked(chunk);
                    return true;
                }
            }

            if (chunk < 0 ? !Scan(1) : Host(chunk, 1) != Errno.Success)
            {
                return false;
            }
        }
    }

    /// <summary>Knows a chunk as one for nodes from now on, until it is given back. Before its line leaves the tree: a chunk that nobody
    /// looked at since the opening would then be read as free data, and given out before the tree that frees it is published.</summary>
    public void LearnNodeChunk(long chunk)
    {
        for (; ; )
        {
            using (_lock.Enter())
            {
                if (ClassOfLocked(chunk) != ChunkClass.Unknown)
                {
                    return;
                }
            }

            Load(chunk);
        }
    }

    /// <summary>A chunk for nodes that holds none any more becomes a data chunk, usable once the next sealed token is released.</summary>
    public void GiveBackNodeChunk(long chunk)
    {
        var blocks = new BlockExtent(BlockAddress.OfChunk(chunk), Geometry.BlocksPerChunk);
        for (; ; )
        {
            using (_lock.Enter())
            {
                var slot = SlotLocked(chunk);
                if (slot >= 0)
                {
                    ref var line = ref _lines[slot];
                    if (line.Use != ChunkUse.Nodes)
                    {
                        throw Defect("giving back a node chunk that is none", blocks);
                    }

                    line.Use = ChunkUse.Data;
                    line.Live = default;
                    _untakenBlocks += Geometry.BlocksPerChunk;
                    _pending.Add(blocks);
                    MarkDirtyLocked(ref line, slot);
                    MarkStaleLocked(ref line, slot);
                    return;
                }
            }

            Load(chunk);
        }
    }

    private void BecomeNodesLocked(long chunk)
    {
        var slot = SlotLocked(chunk);
        ref var line = ref _lines[slot];
        line.Use = ChunkUse.Nodes;
        line.Live = ChunkBits.All;
        line.Busy = ChunkBits.All;
        line.FreeCount = 0;
        _freeBlocks -= Geometry.BlocksPerChunk;
        _untakenBlocks -= Geometry.BlocksPerChunk;
        MarkDirtyLocked(ref line, slot);
        MarkStaleLocked(ref line, slot);
    }
}

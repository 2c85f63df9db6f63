using System.Numerics;
using Adit.Format;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;

namespace Adit.Metadata.Checking;

/// <summary>Whether the maps of nodes and blocks say what the tree says.</summary>
public sealed unsafe partial class StructureChecker
{
    private void CheckNodeMap()
    {
        BlockSet chain = ReadChain(out Dictionary<long, NodeMapSlot> changes);
        using (chain)
        {
            for (long chunk = _layout.FirstUsableChunk; chunk < _layout.ChunkCount; chunk++)
            {
                Report("node map", chunk, _layout.ChunkCount);
                if (!changes.TryGetValue(chunk, out NodeMapSlot slot))
                {
                    slot = *NodeMapHome.SlotOf(_medium, _layout, chunk);
                }

                CheckNodeChunk(chunk, slot, chain);
            }
        }

        if (!HasLoss && Tree.ProvenCount != _superblock.NodeCount)
        {
            _findings.Add(FindingKind.NodeCount, "the superblock", $"{Tree.ProvenCount} nodes", $"{_superblock.NodeCount}");
        }
    }

    private void CheckNodeChunk(long chunk, in NodeMapSlot slot, BlockSet chain)
    {
        long first = chunk << Geometry.BlocksPerChunkShift;
        bool isUsed = Tree.Proven.CountIn(first, Geometry.BlocksPerChunk) > 0 || chain.CountIn(first, Geometry.BlocksPerChunk) > 0;
        if (isUsed && UseOf(chunk) != ChunkUse.Nodes && !HasLoss)
        {
            _findings.Add(FindingKind.NodeChunkUse, $"chunk {chunk}", "a line that says it holds nodes", $"{UseOf(chunk)}");
        }

        bool isEmpty = slot.InUse == 0 && slot.Chunk == 0 && slot.Crc == 0;
        if (isEmpty && !isUsed)
        {
            return;
        }

        if (!slot.Proves(chunk))
        {
            _findings.Add(FindingKind.NodeMapSlot, $"node map of chunk {chunk}", "a slot that proves itself", isEmpty ? "an empty one" : "a damaged one");
            return;
        }

        for (int word = 0; word < 8; word++)
        {
            long block = first + (word << 6);
            ulong tree = Tree.Proven.WordAt(block);
            for (ulong missing = tree & ~slot.Live[word]; missing != 0; missing &= missing - 1)
            {
                _findings.Add(FindingKind.NodeNotInMap, $"block {block + BitOperations.TrailingZeroCount(missing)}", "taken in the node map", "free");
            }

            // Behind a damaged node are nodes that nobody comes to.
            for (ulong extra = HasLoss ? 0 : slot.Live[word] & ~tree; extra != 0; extra &= extra - 1)
            {
                _findings.Add(FindingKind.NodeNotInTree, $"block {block + BitOperations.TrailingZeroCount(extra)}", "a node of the tree", "none that the tree leads to");
            }
        }
    }

    /// <summary>The published changes of the node map: they count before the slots.</summary>
    private BlockSet ReadChain(out Dictionary<long, NodeMapSlot> changes)
    {
        changes = [];
        BlockSet chain = new(_superblock.VolumeBlocks);
        try
        {
            foreach (long block in NodeMapChain.Read(_medium, _layout, _superblock))
            {
                chain.Add(block);
                if (Tree.Proven.Contains(block))
                {
                    _findings.Add(FindingKind.NodeMapChain, $"block {block}", "one use", "a node of the tree there as well");
                }

                NodeMapChain.CopyTo(_medium, _layout, block, changes);
            }
        }
        catch (VolumeException damage)
        {
            _findings.Add(FindingKind.NodeMapChain, $"block {_superblock.NodeMapChain}", "a chain that proves itself", damage.Message);
        }

        return chain;
    }

    /// <summary>What a chunk's line says; a chunk without one is for data.</summary>
    private ChunkUse UseOf(long chunk) => _uses![chunk] == 0 ? ChunkUse.Data : (ChunkUse)(_uses[chunk] - 1);

    private void CheckSpace()
    {
        long free = 0;
        for (long chunk = _layout.FirstUsableChunk; chunk < _layout.ChunkCount; chunk++)
        {
            Report("space", chunk, _layout.ChunkCount);
            if (HasLoss && _uses![chunk] == 0)
            {
                // Its line may be among what cannot be read.
                continue;
            }

            bool isData = UseOf(chunk) == ChunkUse.Data;
            for (long block = chunk << Geometry.BlocksPerChunkShift; block < (chunk + 1) << Geometry.BlocksPerChunkShift; block += 64)
            {
                ulong taken = _taken!.WordAt(block);
                ulong owned = _owned!.WordAt(block);
                free += isData ? BitOperations.PopCount(~taken) : 0;
                ReportRuns(FindingKind.BlockNotTaken, block, isData ? owned & ~taken : owned, "taken in the space lines", isData ? "free" : "given to nodes");

                // An owner that cannot be read is an owner.
                ReportRuns(
                    FindingKind.BlockWithoutOwner, block, HasLoss ? 0 : isData ? taken & ~owned : ~taken,
                    isData ? "an extent that owns it" : "taken, in a chunk of nodes", isData ? "none" : "free");
            }
        }

        if (!HasLoss && free != _superblock.FreeBlocks)
        {
            _findings.Add(FindingKind.FreeCount, "the superblock", $"{free} free blocks", $"{_superblock.FreeBlocks}");
        }
    }

    private void ReportRuns(FindingKind kind, long block, ulong bits, string expected, string found)
    {
        while (bits != 0)
        {
            int from = BitOperations.TrailingZeroCount(bits);
            int length = BitOperations.TrailingZeroCount(~(bits >> from));
            _findings.Add(kind, length == 1 ? $"block {block + from}" : $"blocks {block + from}..{block + from + length - 1}", expected, found);
            bits = from + length >= 64 ? 0 : bits & (ulong.MaxValue << (from + length));
        }
    }
}

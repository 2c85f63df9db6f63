using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Media;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;

namespace Adit.Metadata.Checking;

/// <summary>Where a rebuilt tree goes, and what becomes of every chunk.</summary>
internal sealed class RebuildPlan : IDisposable
{
    private readonly Medium _medium;
    private readonly StructureChecker _structure;
    private readonly Salvage _salvage;
    private readonly BlockSet _owned;
    private readonly HashSet<TreeKey> _dropped = [];
    private readonly List<(TreeKey Key, ReverseMapRecord Value)> _reverse = [];
    private readonly List<long> _chunks = [];
    private readonly List<NodeMapSlot> _slots = [];
    private readonly BlockSet _used;
    private readonly HashSet<long> _chain = [];
    private int _nextChunk;
    private int _nextIndex;

    public RebuildPlan(Medium medium, StructureChecker structure, Salvage salvage, Action<string> say)
    {
        _medium = medium;
        _structure = structure;
        _salvage = salvage;
        _owned = new BlockSet(structure.Superblock.VolumeBlocks);
        _used = new BlockSet(structure.Superblock.VolumeBlocks);
        ReadChain();
        OwnerPass owners = new(this, say);
        salvage.Visit(owners);
        LargestInode = owners.LargestInode;
        _reverse.Sort((left, right) => left.Key.CompareTo(right.Key));
    }

    public ulong LargestInode { get; }

    /// <summary>Builds the tree and the chain of node-map changes, and makes the superblock that leads to them.</summary>
    public Superblock Build(IProgress<CheckProgress>? progress)
    {
        ChooseChunks(CountNodes());
        Superblock superblock = _structure.Superblock;
        ulong tag = VolumeTag.Of(superblock.VolumeId);
        superblock.Epoch++;
        using TreeBuilder builder = new(_medium, superblock.Epoch, tag, NextBlock);
        Feed(builder, isCounting: false, progress);
        (superblock.RootBlock, int level) = builder.Finish();
        superblock.RootLevel = (uint)level;
        superblock.NodeCount = builder.NodeCount;

        MakeSlots();
        long[] chain = new long[ChainBlocks(_slots.Count)];
        for (int index = 0; index < chain.Length; index++)
        {
            chain[index] = NextBlock();
        }

        NodeMapChain.Write(_medium, chain, CollectionsMarshal.AsSpan(_slots), superblock.Epoch, tag);
        superblock.NodeMapChain = chain.Length > 0 ? chain[0] : 0;
        superblock.Flags = SuperblockFlags.None;
        superblock.NodeChunkHints = default;
        for (int index = 0; index < Math.Min(_chunks.Count, Superblock.HintCount); index++)
        {
            superblock.NodeChunkHints[index] = _chunks[index];
        }

        // What is left in the log is in the tree now.
        superblock.Incarnation++;
        superblock.NextInode = Math.Max(Math.Max(superblock.NextInode, _salvage.NextInode), LargestInode + 1);
        superblock.FreeBlocks = CountFree();
        return superblock;
    }

    /// <summary>Copies the changes of the node map home, once they are published.</summary>
    public void WriteSlots()
    {
        foreach (NodeMapSlot slot in _slots)
        {
            _medium.Write(NodeMapHome.OffsetOf(_structure.Layout, slot.Chunk), MemoryMarshal.AsBytes(new ReadOnlySpan<NodeMapSlot>(in slot)));
        }
    }

    public void Dispose()
    {
        _owned.Dispose();
        _used.Dispose();
    }

    private static int ChainBlocks(int slotCount) => (slotCount + NodeMapDeltaHeader.Capacity - 1) / NodeMapDeltaHeader.Capacity;

    private static bool IsDerived(TreeKey key) =>
        key.High >= TreeKey.ReverseMapSpace || (key.High == 0 && key.Kind == RecordKind.Space);

    private void ReadChain()
    {
        try
        {
            foreach (long block in NodeMapChain.Read(_medium, _structure.Layout, _structure.Superblock))
            {
                _chain.Add(block);
            }
        }
        catch (VolumeException)
        {
            // A chain that does not prove itself is not read by anyone again: its blocks need no protection. The checker
            // has reported it.
            _chain.Clear();
        }
    }

    private long CountNodes()
    {
        using TreeBuilder counter = new(_medium, 0, 0, null);
        Feed(counter, isCounting: true, null);
        counter.Finish();
        return counter.NodeCount;
    }

    private void Feed(TreeBuilder builder, bool isCounting, IProgress<CheckProgress>? progress)
    {
        BuilderPass pass = new(this, builder, isCounting, progress);
        _salvage.Visit(pass);
        pass.AddLines(TreeKey.Max);
        Span<byte> value = stackalloc byte[ReverseMapRecord.SizeBytes];
        foreach ((TreeKey key, ReverseMapRecord reverse) in _reverse)
        {
            reverse.Write(value);
            builder.Add(key, value);
        }
    }

    /// <summary>Chunks for the new nodes: those that hold the old ones already, as far as they have room, then free ones.</summary>
    private void ChooseChunks(long nodeCount)
    {
        VolumeLayout layout = _structure.Layout;
        List<(long Chunk, int Room)> old = [];
        List<long> fresh = [];
        for (long chunk = layout.FirstUsableChunk; chunk < layout.ChunkCount; chunk++)
        {
            long first = chunk << Geometry.BlocksPerChunkShift;
            if (_owned.CountIn(first, Geometry.BlocksPerChunk) > 0)
            {
                continue;
            }

            int room = 0;
            for (int index = 0; index < Geometry.BlocksPerChunk; index++)
            {
                room += IsUsable(first + index) ? 1 : 0;
            }

            if (room == Geometry.BlocksPerChunk)
            {
                fresh.Add(chunk);
            }
            else if (room > 0)
            {
                old.Add((chunk, room));
            }
        }

        old.Sort((left, right) => right.Room.CompareTo(left.Room));
        long wanted = nodeCount + ChainBlocks((int)layout.ChunkCount) + 1;
        long have = 0;
        foreach ((long chunk, int room) in old.Concat(fresh.Select(chunk => (chunk, Geometry.BlocksPerChunk))))
        {
            if (have >= wanted)
            {
                break;
            }

            if (_medium.Reserve(chunk << Geometry.ChunkShift, Geometry.ChunkSize) == Interop.Errno.Success)
            {
                _chunks.Add(chunk);
                have += room;
            }
        }

        if (have < wanted)
        {
            throw new VolumeException(
                Interop.Errno.ENOSPC,
                $"{_medium.Name} cannot be repaired in place: a second tree of {wanted} blocks has room for {have} only; copy the volume to a larger file, and repair that.");
        }
    }

    private bool IsUsable(long block) => !_salvage.IsNeeded(block) && !_chain.Contains(block) && !_owned.Contains(block);

    private long NextBlock()
    {
        for (; _nextChunk < _chunks.Count; _nextChunk++, _nextIndex = 0)
        {
            while (_nextIndex < Geometry.BlocksPerChunk)
            {
                long block = (_chunks[_nextChunk] << Geometry.BlocksPerChunkShift) + _nextIndex++;
                if (IsUsable(block))
                {
                    _used.Add(block);
                    return block;
                }
            }
        }

        throw new InvariantException("the nodes were counted before they were made");
    }

    /// <summary>A slot for each chunk that holds nodes now or whose slot says so.</summary>
    private unsafe void MakeSlots()
    {
        VolumeLayout layout = _structure.Layout;
        for (long chunk = layout.FirstUsableChunk; chunk < layout.ChunkCount; chunk++)
        {
            NodeMapSlot before = *NodeMapHome.SlotOf(_medium, layout, chunk);
            bool isEmpty = before.InUse == 0 && before.Crc == 0 && before.Chunk == 0;
            if (isEmpty && !_chunks.Contains(chunk))
            {
                continue;
            }

            NodeMapSlot slot = new() { InUse = 1, Chunk = chunk };
            for (int word = 0; word < 8; word++)
            {
                slot.Live[word] = _used.WordAt((chunk << Geometry.BlocksPerChunkShift) + (word << 6));
            }

            slot.Seal();
            _slots.Add(slot);
        }
    }

    private long CountFree()
    {
        VolumeLayout layout = _structure.Layout;
        long owned = _owned.CountIn(0, layout.VolumeBlocks);
        return ((layout.ChunkCount - layout.FirstUsableChunk - _chunks.Count) << Geometry.BlocksPerChunkShift) - owned;
    }

    /// <summary>Finds the owner of each block, and drops extents that cannot be true.</summary>
    private sealed class OwnerPass(RebuildPlan plan, Action<string> say) : IRecordVisitor
    {
        private ulong _inode;
        private long _inodeEnd;

        public ulong LargestInode { get; private set; }

        public void Visit(TreeKey key, ReadOnlySpan<byte> value)
        {
            if (key.High >= TreeKey.ReverseMapSpace)
            {
                return;
            }

            LargestInode = Math.Max(LargestInode, key.High);
            if (key.Kind != RecordKind.Extent)
            {
                return;
            }

            ExtentRecord extent = value.Length == ExtentRecord.SizeBytes ? ExtentRecord.Read(value) : default;
            string? fault = FindFault(key, extent);
            if (fault is not null)
            {
                say($"The extent at {key} is dropped: {fault}.");
                plan._dropped.Add(key);
                return;
            }

            for (long block = extent.Start.Value; block < extent.Blocks.End.Value; block++)
            {
                plan._owned.Add(block);
            }

            _inode = key.High;
            _inodeEnd = (long)key.Offset + extent.BlockCount;
            plan._reverse.Add((
                ReverseMapRecord.KeyOf(extent.Start, key.Inode, (long)key.Offset),
                new ReverseMapRecord(key.Inode, (long)key.Offset, extent.BlockCount)));
        }

        public void VisitLost(TreeKey from, TreeKey to)
        {
        }

        private string? FindFault(TreeKey key, in ExtentRecord extent)
        {
            VolumeLayout layout = plan._structure.Layout;
            if (extent.BlockCount == 0 || extent.Start.Chunk < layout.FirstUsableChunk || extent.Blocks.End.Value > layout.VolumeBlocks)
            {
                return $"{extent.Blocks} are not in the volume";
            }

            if (key.High == _inode && (long)key.Offset < _inodeEnd)
            {
                return $"the extent before it reaches to file block {_inodeEnd}";
            }

            bool isShared = (extent.Flags & ExtentFlags.Shared) != 0;
            for (long block = extent.Start.Value; block < extent.Blocks.End.Value; block++)
            {
                if (plan._owned.Contains(block) && !isShared)
                {
                    return $"block {block} has an owner before it";
                }

                if (plan._salvage.IsNeeded(block))
                {
                    return $"block {block} holds a node of the tree";
                }
            }

            return null;
        }
    }

    /// <summary>Feeds the records to a builder, with new space lines in their place.</summary>
    private sealed class BuilderPass(RebuildPlan plan, TreeBuilder builder, bool isCounting, IProgress<CheckProgress>? progress) : IRecordVisitor
    {
        private long _nextLine = plan._structure.Layout.FirstUsableChunk;

        public void Visit(TreeKey key, ReadOnlySpan<byte> value)
        {
            if (IsDerived(key) || plan._dropped.Contains(key))
            {
                return;
            }

            AddLines(key);
            builder.Add(key, value);
            if ((builder.RecordCount & 1023) == 0)
            {
                progress?.Report(new CheckProgress("rebuild", builder.RecordCount, builder.RecordCount));
            }
        }

        public void VisitLost(TreeKey from, TreeKey to)
        {
        }

        /// <summary>Adds the lines whose keys lie below one.</summary>
        public void AddLines(TreeKey below)
        {
            Span<byte> value = stackalloc byte[SpaceLineCodec.SizeBytes];
            for (; _nextLine < plan._structure.Layout.ChunkCount && SpaceLineCodec.KeyOf(_nextLine) < below; _nextLine++)
            {
                // While nodes are counted, every chunk may come to have a line.
                SpaceLine line = isCounting || plan._chunks.Contains(_nextLine)
                    ? new SpaceLine(ChunkUse.Nodes, ChunkBits.All)
                    : plan.LineOf(_nextLine);
                if (!SpaceLineCodec.IsAbsent(line))
                {
                    SpaceLineCodec.Write(line, value);
                    builder.Add(SpaceLineCodec.KeyOf(_nextLine), value);
                }
            }
        }
    }

    private SpaceLine LineOf(long chunk)
    {
        ChunkBits bits = default;
        for (int word = 0; word < ChunkBits.WordCount; word++)
        {
            bits[word] = _owned.WordAt((chunk << Geometry.BlocksPerChunkShift) + (word << 6));
        }

        return new SpaceLine(ChunkUse.Data, bits);
    }
}

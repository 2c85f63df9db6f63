using Adit.Format;
using Adit.Media;
using Adit.Metadata.Trees;

namespace Adit.Metadata.Checking;

/// <summary>The tree that a superblock leads to, read without trust: the first walk proves every node and reports those that do not;
/// later walks and lookups use proven nodes only. Nothing on the medium changes meanwhile. One thread.</summary>
internal sealed unsafe class PublishedTree : IDisposable
{
    private readonly Medium _medium;
    private readonly Superblock _superblock;
    private readonly ulong _volumeTag;
    private readonly long _firstBlock;
    private readonly FindingLog _findings;
    private readonly BlockSet _reached;
    private readonly BlockSet _proven;
    private readonly Action<long>? _progress;
    private bool _isProving;

    public PublishedTree(Medium medium, in Superblock superblock, FindingLog findings, Action<long>? progress)
    {
        _medium = medium;
        _superblock = superblock;
        _volumeTag = VolumeTag.Of(superblock.VolumeId);
        _firstBlock = superblock.FirstUsableChunk << Geometry.BlocksPerChunkShift;
        _findings = findings;
        _progress = progress;
        _reached = new BlockSet(superblock.VolumeBlocks);
        _proven = new BlockSet(superblock.VolumeBlocks);
    }

    /// <summary>Proven nodes, by block.</summary>
    public BlockSet Proven => _proven;

    public long ProvenCount { get; private set; }

    /// <summary>Some part cannot be read.</summary>
    public bool HasLoss { get; private set; }

    /// <summary>The first walk: proves the nodes and shows the records of those that do.</summary>
    public void Prove(IRecordVisitor visitor)
    {
        _isProving = true;
        Walk(visitor);
        _isProving = false;
    }

    /// <summary>Shows the records of all proven nodes.</summary>
    public void Walk(IRecordVisitor visitor) =>
        Walk(_superblock.RootBlock, (int)_superblock.RootLevel, TreeKey.Min, TreeKey.Max, visitor);

    public Lookup TryGet(TreeKey key, out ReadOnlySpan<byte> value)
    {
        value = default;
        long block = _superblock.RootBlock;
        for (int level = (int)_superblock.RootLevel; ; level--)
        {
            if (!IsInside(block) || !_proven.Contains(block))
            {
                return Lookup.Unknown;
            }

            Node node = NodeAt(block);
            if (level == 0)
            {
                int index = node.LowerBound(key, out bool isEqual);
                value = isEqual ? node.ValueAt(index) : default;
                return isEqual ? Lookup.Found : Lookup.Absent;
            }

            block = node.Slots[node.ChildIndexOf(key)].Child;
        }
    }

    /// <summary>Proves a node that no walk came to.</summary>
    /// <returns>Null when it is sound.</returns>
    public string? ProveAlone(long block) => NodeProof.Find(NodeAt(block).Start, block, _volumeTag, _superblock.Epoch);

    public Node NodeAt(long block) => new(_medium.Start + (block << Geometry.BlockShift));

    public bool IsReached(long block) => _reached.Contains(block);

    public void Dispose()
    {
        _reached.Dispose();
        _proven.Dispose();
    }

    private bool IsInside(long block) => block >= _firstBlock && block < _superblock.VolumeBlocks;

    private void Walk(long block, int level, TreeKey lower, TreeKey upper, IRecordVisitor visitor)
    {
        if (_isProving ? !TryProve(block, level, lower, upper) : !IsInside(block) || !_proven.Contains(block))
        {
            visitor.VisitLost(lower, upper);
            return;
        }

        Node node = NodeAt(block);
        for (int index = 0; index < node.Count; index++)
        {
            if (level == 0)
            {
                visitor.Visit(node.KeyAt(index), node.ValueAt(index));
                continue;
            }

            TreeKey from = index == 0 ? lower : node.KeyAt(index);
            TreeKey to = index + 1 < node.Count ? node.KeyAt(index + 1) : upper;
            Walk(node.Slots[index].Child, level - 1, from, to, visitor);
        }
    }

    private bool TryProve(long block, int level, TreeKey lower, TreeKey upper)
    {
        string where = $"node at block {block}";
        if (!IsInside(block))
        {
            _findings.Add(FindingKind.NodeOutside, where, $"a block from {_firstBlock} to {_superblock.VolumeBlocks - 1}", $"{block}");
        }
        else if (!_reached.Add(block))
        {
            _findings.Add(FindingKind.NodeReachedTwice, where, "one parent", "two");
        }
        else if (ProveAlone(block) is { } fault)
        {
            _findings.Add(FindingKind.NodeDamaged, where, "a node that proves itself", $"one that {fault}");
        }
        else if (FindMisplacement(NodeAt(block), level, lower, upper) is { } misplacement)
        {
            _findings.Add(FindingKind.NodeMisplaced, where, $"level {level} and keys from {lower} to {upper}", misplacement);
        }
        else
        {
            _proven.Add(block);
            ProvenCount++;
            _progress?.Invoke(ProvenCount);
            return true;
        }

        HasLoss = true;
        return false;
    }

    private static string? FindMisplacement(Node node, int level, TreeKey lower, TreeKey upper)
    {
        if (node.Header.Level != level)
        {
            return $"level {node.Header.Level}";
        }

        // The first key of an inner node says nothing.
        int first = level == 0 ? 0 : 1;
        if (node.Count <= first)
        {
            return null;
        }

        return node.KeyAt(first) < lower ? $"key {node.KeyAt(first)}"
            : node.KeyAt(node.Count - 1) >= upper && upper != TreeKey.Max ? $"key {node.KeyAt(node.Count - 1)}"
            : null;
    }
}

using System.Numerics;
using Adit.Format;
using Adit.Media;
using Adit.Metadata.Logging;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;
using Adit.Metadata.Trees;

namespace Adit.Metadata.Checking;

/// <summary>Everything that can still be read of a volume's records: the leaves that the tree leads to, those below damaged
/// nodes that the node map knows, and the changes of the log that could not be applied.</summary>
internal sealed unsafe class Salvage
{
    private readonly Medium _medium;
    private readonly StructureChecker _structure;
    private readonly Action<string> _say;
    private readonly List<(TreeKey First, long Block)> _leaves = [];
    private readonly List<(TreeKey From, TreeKey To)> _lost = [];
    private readonly SortedDictionary<TreeKey, byte[]?> _changes = [];

    /// <param name="medium">The volume.</param>
    /// <param name="structure">Has checked the tree.</param>
    /// <param name="say">Told what is found and what is lost.</param>
    public Salvage(Medium medium, StructureChecker structure, Action<string> say)
    {
        _medium = medium;
        _structure = structure;
        _say = say;
        structure.Walk(new Collector(this));
        CollectLeaves();
        if (_lost.Count > 0)
        {
            CollectUnreached();
        }

        _leaves.Sort((left, right) => left.First.CompareTo(right.First));
        foreach ((TreeKey from, TreeKey to) in _lost)
        {
            say($"Some records between {from} and {to} are lost.");
        }

        ReadLog();
    }

    /// <summary>The next inode number that the log knows of.</summary>
    public ulong NextInode { get; private set; }

    /// <summary>Shows all records in the order of their keys, those of the log included.</summary>
    public void Visit(IRecordVisitor visitor)
    {
        using SortedDictionary<TreeKey, byte[]?>.Enumerator changes = _changes.GetEnumerator();
        bool hasChange = changes.MoveNext();
        TreeKey last = default;
        bool isFirst = true;
        foreach ((TreeKey _, long block) in _leaves)
        {
            Node leaf = _structure.Tree.NodeAt(block);
            for (int index = 0; index < leaf.Count; index++)
            {
                TreeKey key = leaf.KeyAt(index);
                if (!isFirst && key <= last)
                {
                    // Two leaves of one range: only one of them can be right, and the first was read.
                    continue;
                }

                for (; hasChange && changes.Current.Key < key; hasChange = changes.MoveNext())
                {
                    VisitChange(visitor, changes.Current);
                }

                isFirst = false;
                last = key;
                if (hasChange && changes.Current.Key == key)
                {
                    VisitChange(visitor, changes.Current);
                    hasChange = changes.MoveNext();
                }
                else
                {
                    visitor.Visit(key, leaf.ValueAt(index));
                }
            }
        }

        for (; hasChange; hasChange = changes.MoveNext())
        {
            VisitChange(visitor, changes.Current);
        }
    }

    /// <summary>Blocks that a repair must not write before its result is published.</summary>
    public bool IsNeeded(long block) => _structure.Tree.Proven.Contains(block) || _unreached.Contains(block);

    private readonly HashSet<long> _unreached = [];

    private static void VisitChange(IRecordVisitor visitor, KeyValuePair<TreeKey, byte[]?> change)
    {
        if (change.Value is not null)
        {
            visitor.Visit(change.Key, change.Value);
        }
    }

    private void CollectLeaves()
    {
        for (long word = 0; word < _structure.Superblock.VolumeBlocks; word += 64)
        {
            for (ulong bits = _structure.Tree.Proven.WordAt(word); bits != 0; bits &= bits - 1)
            {
                AddLeaf(word + BitOperations.TrailingZeroCount(bits));
            }
        }
    }

    private void AddLeaf(long block)
    {
        Node node = _structure.Tree.NodeAt(block);
        if (node.IsLeaf && node.Count > 0)
        {
            _leaves.Add((node.KeyAt(0), block));
        }
    }

    private void CollectUnreached()
    {
        List<(ulong Epoch, TreeKey First, TreeKey Last, long Block)> found = [];
        for (long chunk = _structure.Layout.FirstUsableChunk; chunk < _structure.Layout.ChunkCount; chunk++)
        {
            NodeMapSlot slot = *NodeMapHome.SlotOf(_medium, _structure.Layout, chunk);
            if (slot.InUse == 0)
            {
                continue;
            }

            bool isProven = slot.Proves(chunk);
            for (int index = 0; index < Geometry.BlocksPerChunk; index++)
            {
                long block = (chunk << Geometry.BlocksPerChunkShift) + index;
                bool isCandidate = (!isProven || NodeMapHas(slot, index)) && !_structure.Tree.Proven.Contains(block);
                if (!isCandidate || _structure.Tree.ProveAlone(block) is not null)
                {
                    continue;
                }

                Node node = _structure.Tree.NodeAt(block);
                if (node.IsLeaf && node.Count > 0 && IsLost(node.KeyAt(0), node.KeyAt(node.Count - 1)))
                {
                    found.Add((node.Header.Epoch, node.KeyAt(0), node.KeyAt(node.Count - 1), block));
                }
            }
        }

        // Where a map slot is damaged too, older versions of a leaf may lie beside the one that counts.
        found.Sort((left, right) => right.Epoch.CompareTo(left.Epoch));
        List<(TreeKey First, TreeKey Last)> accepted = [];
        foreach ((ulong _, TreeKey first, TreeKey last, long block) in found)
        {
            if (!accepted.Exists(range => first <= range.Last && last >= range.First))
            {
                accepted.Add((first, last));
                _unreached.Add(block);
                AddLeaf(block);
                _say($"A leaf with records from {first} to {last} is saved from below a damaged node.");
            }
        }
    }

    private static bool NodeMapHas(in NodeMapSlot slot, int index) => (slot.Live[index >> 6] >> (index & 63) & 1) != 0;

    private bool IsLost(TreeKey first, TreeKey last)
    {
        foreach ((TreeKey from, TreeKey to) in _lost)
        {
            if (first >= from && (last < to || to == TreeKey.Max))
            {
                return true;
            }
        }

        return false;
    }

    private void ReadLog()
    {
        LogReader reader = new(_medium, _structure.Layout, _structure.Superblock, BrokenVariant.None);
        while (reader.TryRead(out LogRecordHeader header, out ReadOnlySpan<byte> bytes))
        {
            try
            {
                OperationReader operations = new(bytes, header.OperationCount);
                while (operations.MoveNext())
                {
                    if (operations.Kind == LogOperationKind.Put)
                    {
                        _changes[operations.Key] = operations.Value.ToArray();
                    }
                    else if (operations.Kind == LogOperationKind.Delete)
                    {
                        _changes[operations.Key] = null;
                    }
                }
            }
            catch (VolumeException damage)
            {
                _say($"The log ends at record {header.Sequence}: {damage.Message}");
                return;
            }

            NextInode = Math.Max(NextInode, header.NextInode);
        }
    }

    private sealed class Collector(Salvage owner) : IRecordVisitor
    {
        public void Visit(TreeKey key, ReadOnlySpan<byte> value)
        {
        }

        public void VisitLost(TreeKey from, TreeKey to) => owner._lost.Add((from, to));
    }
}

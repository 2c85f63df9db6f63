using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Media;
using Adit.Metadata.Trees;

namespace Adit.Metadata.Checking;

/// <summary>Builds a tree from records that come in the order of their keys: each node is filled, completed and never touched
/// again. Without a source of blocks it only counts the nodes.</summary>
internal sealed unsafe class TreeBuilder : IDisposable
{
    /// <summary>Leaves room for what is inserted later.</summary>
    private const int FillBytes = Node.CapacityBytes * 7 / 8;

    private readonly Medium _medium;
    private readonly ulong _epoch;
    private readonly ulong _volumeTag;
    private readonly Func<long>? _nextBlock;
    private readonly byte* _scratch;
    private readonly TreeKey[] _firstKeys = new TreeKey[NodeHeader.MaxLevel + 1];
    private int _topLevel;

    public TreeBuilder(Medium medium, ulong epoch, ulong volumeTag, Func<long>? nextBlock)
    {
        _medium = medium;
        _epoch = epoch;
        _volumeTag = volumeTag;
        _nextBlock = nextBlock;
        _scratch = (byte*)NativeMemory.AllocZeroed(NodeHeader.MaxLevel + 1, Geometry.BlockSize);
        Start(0);
    }

    public long NodeCount { get; private set; }

    public long RecordCount { get; private set; }

    /// <summary>Adds a record whose key is above all before.</summary>
    public void Add(TreeKey key, ReadOnlySpan<byte> value)
    {
        Node leaf = NodeAt(0);
        int needed = NodeSlot.SizeBytes + Node.PaddedLength(value.Length);
        if (leaf.Count > 0 && leaf.UsedBytes + needed > FillBytes)
        {
            Complete(0);
        }

        if (leaf.Count == 0)
        {
            _firstKeys[0] = key;
        }

        bool isInserted = leaf.TryInsert(leaf.Count, key, value);
        Invariant.That(isInserted, "a record fits into an empty leaf");
        RecordCount++;
    }

    /// <summary>Completes the tree; durable after the next fence.</summary>
    public (long Root, int Level) Finish()
    {
        for (int level = 0; ; level++)
        {
            if (level == _topLevel)
            {
                return (Write(level), level);
            }

            Complete(level);
        }
    }

    public void Dispose() => NativeMemory.Free(_scratch);

    private Node NodeAt(int level) => new(_scratch + (level * Geometry.BlockSize));

    private void Start(int level)
    {
        Node node = NodeAt(level);
        new Span<byte>(node.Start, Geometry.BlockSize).Clear();
        node.Initialize(0, _epoch, level, _volumeTag);
    }

    private void Complete(int level)
    {
        TreeKey firstKey = _firstKeys[level];
        long block = Write(level);
        Start(level);
        int above = level + 1;
        Invariant.That(above <= NodeHeader.MaxLevel, "the tree stays within its largest height");
        if (above > _topLevel)
        {
            _topLevel = above;
            Start(above);
        }

        Node parent = NodeAt(above);
        if (parent.Count >= Node.MaxChildren * 7 / 8)
        {
            Complete(above);
        }

        if (parent.Count == 0)
        {
            _firstKeys[above] = firstKey;
        }

        parent.InsertChild(parent.Count, firstKey, block);
    }

    private long Write(int level)
    {
        NodeCount++;
        if (_nextBlock is null)
        {
            return 0;
        }

        long block = _nextBlock();
        Node node = NodeAt(level);
        node.Header.Address = block;
        node.Header.Crc = Checksum.OfExceptField(new ReadOnlySpan<byte>(node.Start, Geometry.BlockSize), NodeHeader.ChecksumOffset);
        _medium.Write(block << Geometry.BlockShift, new ReadOnlySpan<byte>(node.Start, Geometry.BlockSize));
        return block;
    }
}

namespace Adit.Dax.Entries;

/// <summary>Nodes made before the tree's lock is taken, because nothing is allocated under it.</summary>
internal struct NodeSpares
{
    public DirectoryNode? Directory;
    public ChunkNode? Chunk;
    public GiantNode? Giants;
    public PageLeaf?[]? LeafTable;
    public PageLeaf? Leaf;
    public SparseNode?[]? SparseTable;
    public SparseNode? Sparse;

    /// <summary>A spreading was tried, whatever came of it.</summary>
    public bool HasSpread;

    /// <summary>What the last attempt lacked.</summary>
    public NodeNeed Need;

    /// <summary>Of the directory or the sparse node that it lacked.</summary>
    public int NeededShift;

    /// <summary>Slots of the sparse node that it lacked.</summary>
    public int NeededCapacity;

    /// <summary>Makes the node that was lacking.</summary>
    public void Make(long page)
    {
        switch (Need)
        {
            case NodeNeed.Directory:
                Directory = new DirectoryNode(NeededShift);
                break;
            case NodeNeed.Chunk:
                Chunk = new ChunkNode(StartOf(page, ChunkNode.NodeShift));
                break;
            case NodeNeed.Giants:
                Giants = new GiantNode(StartOf(page, ChunkNode.NodeShift + 6));
                break;
            case NodeNeed.LeafTable:
                LeafTable = new PageLeaf?[ChunkNode.ChunkCount];
                break;
            case NodeNeed.Leaf:
                Leaf = new PageLeaf(StartOf(page, ChunkNode.ChunkShift));
                break;
            case NodeNeed.SparseTable:
                SparseTable = new SparseNode?[Entries.SparseTable.SlotCount];
                break;
            default:
                Sparse = new SparseNode(StartOf(page, NeededShift), NeededShift, NeededCapacity);
                break;
        }
    }

    /// <summary>Asks for something.</summary>
    public InsertOutcome Lacks(NodeNeed need, int shift = 0, int capacity = 0)
    {
        Need = need;
        NeededShift = shift;
        NeededCapacity = capacity;
        return InsertOutcome.NeedsNode;
    }

    private static long StartOf(long page, int shift) => page >> shift << shift;
}

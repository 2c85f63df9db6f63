namespace Adit.Dax.Entries;

/// <summary>Nodes made before the tree's lock is taken, because nothing is allocated under it.</summary>
internal struct NodeSpares
{
    public DirectoryNode? Directory;
    public ChunkNode? Chunk;
    public EntryNode?[]? LeafTable;
    public EntryNode? Leaf;

    /// <summary>What the last attempt lacked.</summary>
    public NodeNeed Need;

    /// <summary>Of the directory that it lacked.</summary>
    public int NeededShift;

    public void Make(long page)
    {
        switch (Need)
        {
            case NodeNeed.Directory:
                Directory = new DirectoryNode(NeededShift);
                break;
            case NodeNeed.Chunk:
                Chunk = new ChunkNode(page >> ChunkNode.NodeShift << ChunkNode.NodeShift);
                break;
            case NodeNeed.LeafTable:
                LeafTable = new EntryNode?[EntryNode.SlotCount * ChunkNode.LeavesPerChunk];
                break;
            default:
                Leaf = new EntryNode(page >> ChunkNode.LeafShift << ChunkNode.LeafShift, 1);
                break;
        }
    }

    public readonly InsertOutcome Lacks(NodeNeed need, int shift, out NodeSpares spares)
    {
        spares = this;
        spares.Need = need;
        spares.NeededShift = shift;
        return InsertOutcome.NeedsNode;
    }
}

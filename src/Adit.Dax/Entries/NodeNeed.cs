namespace Adit.Dax.Entries;

internal enum NodeNeed
{
    Directory,
    Chunk,
    LeafTable,
    Leaf,
}

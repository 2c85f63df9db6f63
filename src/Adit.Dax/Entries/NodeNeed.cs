namespace Adit.Dax.Entries;

/// <summary>What the tree lacks to go on, to be had without its lock.</summary>
internal enum NodeNeed
{
    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A chunk node.</summary>
    Chunk,

    /// <summary>A node for entries of 1 GiB.</summary>
    Giants,

    /// <summary>Room for a chunk node's leaves.</summary>
    LeafTable,

    /// <summary>The leaf of a chunk.</summary>
    Leaf,

    /// <summary>Room for the sparse nodes of a directory or chunk node.</summary>
    SparseTable,

    /// <summary>A sparse node.</summary>
    Sparse,

    /// <summary>A sparse node has enough entries for nodes of smaller ranges.</summary>
    Spread,

    /// <summary>The single pages of a chunk are enough for a leaf.</summary>
    Densify,
}

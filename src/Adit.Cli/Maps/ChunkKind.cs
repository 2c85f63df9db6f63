namespace Adit.Cli.Maps;

/// <summary>What a map shows a chunk as.</summary>
internal enum ChunkKind : byte
{
    /// <summary>No block is taken.</summary>
    Free = 0,

    /// <summary>Data in 4 KiB pieces; some blocks may be free.</summary>
    Small = 1,

    /// <summary>2 MiB of one file that one huge page can map.</summary>
    Huge = 2,

    /// <summary>Nodes of the tree.</summary>
    Nodes = 3,

    /// <summary>The log.</summary>
    Log = 4,

    /// <summary>Superblocks and the map of the node chunks.</summary>
    Fixed = 5,
}

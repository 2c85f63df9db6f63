namespace Adit.Metadata.Space;

/// <summary>What a chunk is for. On the medium.</summary>
public enum ChunkUse : byte
{
    /// <summary>Blocks of files; its bits say which are taken.</summary>
    Data = 0,

    /// <summary>Nodes of the tree; the node map says which are taken, the bits here are all set.</summary>
    Nodes = 1,

    /// <summary>Superblocks, log, node map: never given out.</summary>
    Fixed = 2,
}

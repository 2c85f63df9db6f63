using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>What a caller wants from the allocator.</summary>
/// <param name="WantedBlocks">At least 1. The answer may be fewer, in one run.</param>
/// <param name="Goal">Continue here when it is free (the block behind the file's last extent), or none.</param>
/// <param name="ChunkPhase">The first block's file block number modulo 512: a whole chunk is given from this index on,
/// so that file and medium stay aligned to each other.</param>
/// <param name="Shape">What kind of need it is.</param>
public readonly record struct SpaceRequest(long WantedBlocks, BlockAddress Goal, int ChunkPhase, SpaceShape Shape);

/// <summary>How the allocator should treat a need.</summary>
public enum SpaceShape
{
    /// <summary>A small file or a tail: fill holes of broken chunks, in pieces where that keeps whole chunks whole.</summary>
    Small,

    /// <summary>A large, mapped or growing file: whole chunks at the right phase while there are any, else the longest runs.</summary>
    Large,
}

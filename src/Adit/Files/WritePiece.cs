using Adit.Format;

namespace Adit.Files;

/// <summary>Where a run of file blocks that a write touches lies, and what has to happen to it.</summary>
/// <param name="FileBlock">The first file block.</param>
/// <param name="Blocks">Where they are on the medium.</param>
/// <param name="Kind">What they are now.</param>
internal readonly record struct WritePiece(long FileBlock, BlockExtent Blocks, WritePieceKind Kind)
{
    public long EndFileBlock => FileBlock + Blocks.BlockCount;
}

/// <summary>What blocks are before a write.</summary>
internal enum WritePieceKind : byte
{
    /// <summary>Part of the file, with bytes that count.</summary>
    Written,

    /// <summary>Part of the file, reading as zeros.</summary>
    Unwritten,

    /// <summary>Reserved for this write.</summary>
    Reserved,

    /// <summary>Reserved for this write, in place of blocks that the file has there.</summary>
    Replacing,
}

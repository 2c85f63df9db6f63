namespace Adit.Metadata.Space;

/// <summary>How broken up the space of a volume is.</summary>
/// <param name="WholeChunks">Known chunks whose every block is free.</param>
/// <param name="BrokenChunks">Known chunks with some blocks free and some not.</param>
/// <param name="BrokenFreeBlocks">Free blocks inside those.</param>
/// <param name="UnscannedChunks">Chunks that no scan came to yet; some may be known from use.</param>
/// <param name="LoadedLines">Chunks in memory.</param>
public readonly record struct SpaceSummary(
    long WholeChunks, long BrokenChunks, long BrokenFreeBlocks, long UnscannedChunks, int LoadedLines);

namespace Adit.Cli.Maps;

/// <summary>The sums of a map, in bytes unless said.</summary>
/// <param name="Huge">Data that huge pages can map.</param>
/// <param name="Small">Other data.</param>
/// <param name="Free">Free data blocks.</param>
/// <param name="FreeWholeChunks">The part of it in chunks that are wholly free.</param>
/// <param name="Extents">Number of extents of all files.</param>
/// <param name="Files">Number of inodes that have extents.</param>
internal sealed record MapTotals(
    long Huge, long Small, long Nodes, long Log, long Fixed, long Free, long FreeWholeChunks, long Extents, long Files);

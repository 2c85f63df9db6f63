namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit map</c>.</summary>
/// <param name="FreeBytesByRun">Bytes of free space in runs of 4 KiB to below 8 KiB, 8 KiB to below 16 KiB, ... and of whole chunks.</param>
/// <param name="Runs">All chunks, as runs of one kind.</param>
internal sealed record MapReport(
    string Name,
    string Label,
    string Medium,
    long SizeBytes,
    int ChunkBytes,
    long ChunkCount,
    long HugeBytes,
    long SmallBytes,
    long NodeBytes,
    long LogBytes,
    long FixedBytes,
    long FreeBytes,
    long FreeWholeChunkBytes,
    long Files,
    long Extents,
    IReadOnlyList<long> FreeBytesByRun,
    IReadOnlyList<MapRunReport> Runs);

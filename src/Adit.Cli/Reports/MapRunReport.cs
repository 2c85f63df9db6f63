namespace Adit.Cli.Reports;

/// <summary>Chunks of one kind in a row.</summary>
/// <param name="Kind">"free", "small", "huge", "nodes", "log", "fixed".</param>
/// <param name="TakenBlocks">How many of their blocks are taken.</param>
internal sealed record MapRunReport(long First, long Count, string Kind, long TakenBlocks);

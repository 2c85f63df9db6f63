namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit cp</c>.</summary>
/// <param name="Skipped">Sockets, pipes and devices, which are not copied.</param>
internal sealed record CopyReport(long Files, long Directories, long SymbolicLinks, long Bytes, long Skipped, double Seconds);

namespace Adit.Cli.Reports;

/// <summary>A run of a file's blocks.</summary>
/// <param name="Offset">In the file, in bytes.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Address">On the medium, in bytes.</param>
/// <param name="Unwritten">The blocks are allocated and read as zeros.</param>
/// <param name="Shared">Other files have the same blocks.</param>
internal sealed record ExtentReport(long Offset, long Length, long Address, bool Unwritten, bool Shared);

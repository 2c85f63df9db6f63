namespace Adit.Cli.Reports;

/// <summary>The document of a command that failed.</summary>
/// <param name="Error">The message.</param>
/// <param name="Errno">The POSIX symbol behind it, if there is one.</param>
/// <param name="Exit">The exit code.</param>
internal sealed record ErrorReport(string Error, string? Errno, int Exit);

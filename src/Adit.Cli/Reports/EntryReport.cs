namespace Adit.Cli.Reports;

/// <summary>One line of <c>adit ls</c>.</summary>
/// <param name="Mode">Permission bits, in octal.</param>
/// <param name="Modified">UTC, ISO 8601 with nanoseconds.</param>
/// <param name="Target">Where a symbolic link points, else null.</param>
internal sealed record EntryReport(
    string Name,
    string Type,
    ulong Inode,
    string Mode,
    uint Links,
    uint Uid,
    uint Gid,
    long Size,
    string Modified,
    string? Target);

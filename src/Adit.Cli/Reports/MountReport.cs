namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit mount</c> and <c>adit umount</c>.</summary>
/// <param name="Volume">The volume.</param>
/// <param name="Directory">Its mount point.</param>
/// <param name="OwnerPid">Its server.</param>
/// <param name="Mounted">It is mounted now.</param>
/// <param name="Options">After a remount: the words of -o that hold now.</param>
internal sealed record MountReport(string Volume, string Directory, int OwnerPid, bool Mounted, string? Options = null);

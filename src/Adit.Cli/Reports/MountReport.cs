namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit mount</c> and <c>adit umount</c>.</summary>
internal sealed record MountReport(string Volume, string Directory, int OwnerPid, bool Mounted);

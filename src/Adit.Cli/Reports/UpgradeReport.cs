namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit upgrade</c>.</summary>
/// <param name="Volume">The volume.</param>
/// <param name="Directory">Its mount point.</param>
/// <param name="OldPid">The server before.</param>
/// <param name="OwnerPid">The server now.</param>
/// <param name="PauseMs">How long no server took requests.</param>
internal sealed record UpgradeReport(string Volume, string Directory, int OldPid, int OwnerPid, long PauseMs);

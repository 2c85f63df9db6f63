namespace Adit.Cli.Reports;

/// <summary>How far a check is.</summary>
/// <param name="Phase">What it looks at.</param>
/// <param name="Share">Done of this phase, 0 to 1.</param>
internal sealed record FsckProgress(string Phase, double Share);

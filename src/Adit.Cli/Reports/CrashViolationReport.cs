namespace Adit.Cli.Reports;

/// <summary>A crash image that broke a promise, and the command that finds it again.</summary>
internal sealed record CrashViolationReport(int Seed, long Image, string Description, string Replay);

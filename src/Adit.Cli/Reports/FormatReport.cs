namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit mkfs</c>.</summary>
internal sealed record FormatReport(string Volume, Guid VolumeId, string Label, string Medium, long SizeBytes, long CapacityBytes);

namespace Adit.Cli.Reports;

/// <summary>A feature of a volume and how far it can be relied upon: "stable" or "preview".</summary>
internal sealed record FeatureReport(string Name, string Maturity);

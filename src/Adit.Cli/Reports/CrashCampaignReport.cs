namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit crash</c>.</summary>
/// <param name="Inconclusive">No violation, but a danger that no image met.</param>
/// <param name="Dangers">How many images met each danger.</param>
internal sealed record CrashCampaignReport(
    int Seed,
    long Images,
    int Sessions,
    double Seconds,
    bool Inconclusive,
    IReadOnlyDictionary<string, long> Dangers,
    IReadOnlyList<CrashViolationReport> Violations);

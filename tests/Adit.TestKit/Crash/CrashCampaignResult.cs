namespace Adit.TestKit.Crash;

/// <summary>What a campaign found.</summary>
public sealed record CrashCampaignResult
{
    /// <summary>Images opened and compared.</summary>
    public required long Images { get; init; }

    public required int Sessions { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required IReadOnlyList<CrashViolation> Violations { get; init; }

    /// <summary>How many images met each danger.</summary>
    public required IReadOnlyDictionary<CrashDanger, long> Dangers { get; init; }

    /// <summary>Dangers that no image met: nothing is proved about them.</summary>
    public IEnumerable<CrashDanger> Unmet => Dangers.Where(danger => danger.Value == 0).Select(danger => danger.Key);

    /// <summary>It went through all that it was to enumerate; true when it was to enumerate nothing.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>No violation, but not every danger was met or not every sequence run either: the run says nothing.</summary>
    public bool IsInconclusive => Violations.Count == 0 && (!IsComplete || Unmet.Any());

    public double ImagesPerSecond => Images / Math.Max(Elapsed.TotalSeconds, 1e-9);
}

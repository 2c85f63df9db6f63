namespace Adit.Cli.Tests.Soak;

/// <summary>How a soak goes: times of deaths take turns with times without, in which memory and counts are compared.</summary>
internal sealed record SoakPlan
{
    public required string Medium { get; init; }

    public required int Seed { get; init; }

    public int ClientCount { get; init; } = 3;

    /// <summary>How often there is a time of deaths and a quiet one.</summary>
    public required int Rounds { get; init; }

    /// <summary>How long servers are killed in each round.</summary>
    public required TimeSpan Deadly { get; init; }

    /// <summary>How long each round's last server lives on; clients die then, too.</summary>
    public required TimeSpan Quiet { get; init; }

    /// <summary>Of a quiet time: until what was just started has found its size.</summary>
    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan LongestLifeOfClient { get; init; }

    /// <summary>Met less often: the run shows nothing.</summary>
    public required int FewestServerDeaths { get; init; }

    public required int FewestClientDeaths { get; init; }

    public required long FewestRequests { get; init; }

    public int FewestUpgrades { get; init; } = 1;

    public TimeSpan Limit => ((Deadly + Quiet) * Rounds) + TimeSpan.FromMinutes(5);
}

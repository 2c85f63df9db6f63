namespace Adit.Cli.Bench;

/// <summary>One line of the table.</summary>
internal sealed record BenchResult
{
    public required string Case { get; init; }

    public required string Medium { get; init; }

    /// <summary>Median nanoseconds of one operation; null where the case is no duration.</summary>
    public double? Ns { get; init; }

    public required string Baseline { get; init; }

    public double? BaselineNs { get; init; }

    public required double Ratio { get; init; }

    public required double Goal { get; init; }

    public required bool Ok { get; init; }

    /// <summary>Managed bytes for one operation.</summary>
    public double AllocatedBytes { get; init; }

    /// <summary>What the numbers above leave out.</summary>
    public string? Detail { get; init; }
}

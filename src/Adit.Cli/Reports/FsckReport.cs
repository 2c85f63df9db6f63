namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit fsck</c>.</summary>
internal sealed record FsckReport
{
    public required string Volume { get; init; }

    /// <summary>Nothing is wrong, or no longer.</summary>
    public required bool Clean { get; init; }

    public required long Inodes { get; init; }

    public required long Directories { get; init; }

    public required long Entries { get; init; }

    /// <summary>How many things were wrong, before any repair.</summary>
    public required long FindingCount { get; init; }

    /// <summary>How many are wrong still.</summary>
    public required long Remaining { get; init; }

    /// <summary>Parts of the tree cannot be read: what they held was not checked.</summary>
    public required bool HasLoss { get; init; }

    public required double Seconds { get; init; }

    public IReadOnlyList<FindingReport> Findings { get; init; } = [];

    /// <summary>What a repair mended, saved and lost.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
}

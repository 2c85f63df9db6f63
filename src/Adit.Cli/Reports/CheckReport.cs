namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit fsck</c>.</summary>
/// <param name="Clean">Nothing is wrong, or no longer.</param>
internal sealed record CheckReport
{
    public required string Volume { get; init; }

    public required bool Clean { get; init; }

    public required bool Repaired { get; init; }

    public required long Inodes { get; init; }

    public required long Extents { get; init; }

    public required long DataBlocks { get; init; }

    public required long FreeBlocks { get; init; }

    public required double Seconds { get; init; }

    public IReadOnlyList<FindingReport> Findings { get; init; } = [];
}

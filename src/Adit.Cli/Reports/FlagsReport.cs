namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit chattr</c>.</summary>
internal sealed record FlagsReport
{
    /// <summary>Letters of the flags that were set.</summary>
    public required string Set { get; init; }

    /// <summary>Letters of the flags that were taken away.</summary>
    public required string Cleared { get; init; }

    public long FilesChanged { get; init; }

    public long DirectoriesChanged { get; init; }

    /// <summary>What had the flags so already.</summary>
    public long Unchanged { get; init; }

    /// <summary>Links and special files met on the way, which cannot have them.</summary>
    public long Skipped { get; init; }

    /// <summary>Changed files that are in use: how they are accessed follows the flag when they next come into use.</summary>
    public long Pending { get; init; }

    /// <summary>What could not be changed; only the first hundred are named.</summary>
    public long FailureCount { get; init; }

    public IReadOnlyList<FlagFailureReport> Failures { get; init; } = [];

    public static FlagsReport operator +(FlagsReport left, FlagsReport right) => left with
    {
        FilesChanged = left.FilesChanged + right.FilesChanged,
        DirectoriesChanged = left.DirectoriesChanged + right.DirectoriesChanged,
        Unchanged = left.Unchanged + right.Unchanged,
        Skipped = left.Skipped + right.Skipped,
        Pending = left.Pending + right.Pending,
        FailureCount = left.FailureCount + right.FailureCount,
        Failures = [.. left.Failures, .. right.Failures],
    };
}

/// <summary>Something whose flags could not be changed, and why.</summary>
internal sealed record FlagFailureReport(string Path, string Reason);

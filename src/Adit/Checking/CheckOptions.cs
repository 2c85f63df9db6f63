using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>How to check or repair a volume.</summary>
public sealed record CheckOptions
{
    /// <summary>Told each finding as it comes, on the checking thread.</summary>
    public Action<Finding>? OnFinding { get; init; }

    /// <summary>Of a repair: told a line for each thing mended, saved or lost.</summary>
    public Action<string>? OnAction { get; init; }

    public IProgress<CheckProgress>? Progress { get; init; }

    /// <summary>Read the blocks that have checksums, and compare. Not of a volume that is open: its blocks move meanwhile, and each read
    /// verifies them anyway.</summary>
    public bool ReadsData { get; init; } = true;

    /// <summary>How many findings the report keeps.</summary>
    public int KeepAtMost { get; init; } = 10_000;
}

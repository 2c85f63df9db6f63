using Adit.Interop;

namespace Adit;

/// <summary>What a change of flags did.</summary>
public sealed record FlagChangeReport
{
    /// <summary>Failures that are kept by name; all are counted.</summary>
    public const int MaxFailuresKept = 100;

    /// <summary>Files, links and special files whose flags are others now.</summary>
    public long FilesChanged { get; init; }

    public long DirectoriesChanged { get; init; }

    /// <summary>What had the flags already.</summary>
    public long Unchanged { get; init; }

    /// <summary>What cannot have these flags: links and special files met on the way.</summary>
    public long Skipped { get; init; }

    /// <summary>Changed files that are in use now: how they are accessed follows the flag when they next come into use.</summary>
    public long Pending { get; init; }

    public long FailureCount { get; init; }

    public IReadOnlyList<FlagChangeFailure> Failures { get; init; } = [];
}

/// <summary>Something met on the way whose flags could not be changed.</summary>
public sealed record FlagChangeFailure(string Path, Errno Errno, string Reason);

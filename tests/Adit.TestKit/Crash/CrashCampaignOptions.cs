using Adit.Metadata;
using Adit.TestKit.Crash.Files;
using Adit.TestKit.Crash.Stores;

namespace Adit.TestKit.Crash;

/// <summary>Which layer a campaign loses power in.</summary>
[Flags]
public enum CrashLayers
{
    /// <summary>Transactions directly on the metadata store.</summary>
    Store = 1,

    /// <summary>Random operations on files and directories.</summary>
    Files = 2,

    /// <summary>All sequences of up to three operations, one after another.</summary>
    Systematic = 4,

    All = Store | Files | Systematic,
}

/// <summary>How a crash campaign runs. It ends at the first limit it meets.</summary>
public sealed record CrashCampaignOptions
{
    /// <summary>Of the first session; the others count on from it.</summary>
    public int Seed { get; init; } = 1;

    public long Images { get; init; } = 100_000;

    /// <summary>0: no limit.</summary>
    public double Minutes { get; init; }

    /// <summary>Volumes to work on, one after another; each has a seed of its own.</summary>
    public int Sessions { get; init; } = int.MaxValue;

    /// <summary>Where in the enumeration the systematic sequences begin.</summary>
    public long FirstSequence { get; init; }

    /// <summary>So many of the systematic sequences, each once on lines and once on pages, and nothing else; every one draws
    /// from <see cref="Seed"/> and its own number alone. 0: sessions of all layers.</summary>
    public long SequenceCount { get; init; }

    public int Threads { get; init; } = 1;

    public CrashLayers Layers { get; init; } = CrashLayers.All;

    /// <summary>A deliberate defect, to see that the campaign catches it.</summary>
    public BrokenVariant Broken { get; init; }

    /// <summary>Aims the store's workloads at something, from what their seed gives.</summary>
    public Func<StoreWorkloadOptions, StoreWorkloadOptions>? AimStore { get; init; }

    /// <summary>Aims the workloads on files at something, from what their seed gives.</summary>
    public Func<FileWorkloadOptions, FileWorkloadOptions>? AimFiles { get; init; }

    /// <summary>Aims the sessions at something, from what their seed gives.</summary>
    public Func<CrashSessionOptions, CrashSessionOptions>? AimSession { get; init; }

    /// <summary>Stops after so many violations.</summary>
    public int MaxViolations { get; init; } = 3;

    /// <summary>Called now and then, from any of the threads, one at a time.</summary>
    public Action<CrashProgress>? OnProgress { get; init; }

    public CancellationToken Cancellation { get; init; }
}

/// <summary>How far a campaign is.</summary>
public readonly record struct CrashProgress(long Images, int Sessions, int Violations, TimeSpan Elapsed);

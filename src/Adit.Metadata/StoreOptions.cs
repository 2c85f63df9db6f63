using Adit.Metadata.Logging;
using Adit.Metadata.Transactions;

namespace Adit.Metadata;

/// <summary>How to run a store.</summary>
public sealed record StoreOptions
{
    /// <summary>Recover into private memory and refuse changes.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>On media with dear fences: how long a committed transaction may stay volatile without a sync.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long changes may stay in the log before a checkpoint takes them into the tree.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Run commits and checkpoints of their own accord. Off in crash tests, which call them.</summary>
    public bool BackgroundWork { get; init; } = true;

    /// <summary>Durability: every transaction waits for its fence, whatever the medium.</summary>
    public bool SyncAlways { get; init; }

    /// <summary>A deliberate defect that the crash tests must catch; none outside tests.</summary>
    public BrokenVariant Broken { get; init; }

    /// <summary>Where records are staged, when they are to survive the process; see <see cref="StagingArea"/>. Null: in memory of its own.</summary>
    public StagingArea? Staging { get; init; }

    /// <summary>Is told of each commit.</summary>
    public ICommitWitness? Witness { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

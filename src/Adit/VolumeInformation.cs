using Adit.Media;

namespace Adit;

/// <summary>How far a feature can be relied upon.</summary>
public enum FeatureMaturity
{
    /// <summary>Covered by the crash campaign and by everyday use.</summary>
    Stable,

    /// <summary>Works, may still change.</summary>
    Preview,
}

/// <summary>A feature of the volume and how far it can be relied upon.</summary>
public sealed record VolumeFeature(string Name, FeatureMaturity Maturity);

/// <summary>What is known about an open volume. A snapshot: the numbers belong together only roughly.</summary>
public sealed record VolumeInformation
{
    /// <summary>Where the medium is kept: a path, or a description in brackets.</summary>
    public required string Name { get; init; }

    public required string Label { get; init; }

    public required Guid VolumeId { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>Size of the medium.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>What files could have at most, in all.</summary>
    public required long CapacityBytes { get; init; }

    public required long FreeBytes { get; init; }

    public long UsedBytes => CapacityBytes - FreeBytes;

    public required MediumKind MediumKind { get; init; }

    /// <summary>The medium keeps what is durable through power loss.</summary>
    public required bool IsPersistent { get; init; }

    /// <summary>Every operation is durable when it returns.</summary>
    public required bool CommitsAreDurable { get; init; }

    /// <summary>The medium's mapping is synchronous (MAP_SYNC): a flush of a cache line is enough.</summary>
    public required bool HasCheapFences { get; init; }

    public required bool IsReadOnly { get; init; }

    public required uint FormatVersion { get; init; }

    public required IReadOnlyList<VolumeFeature> Features { get; init; }

    /// <summary>What decides, in this opening, whether files are accessed directly.</summary>
    public required DaxMode Dax { get; init; }

    /// <summary>Whether, in this opening, features that are not stable may be used.</summary>
    public required PreviewPolicy Previews { get; init; }

    /// <summary>When the volume was last closed in good order, or null when it never was.</summary>
    public required DateTimeOffset? LastCleanClose { get; init; }

    /// <summary>False when this opening had to recover from the log.</summary>
    public required bool WasClean { get; init; }

    /// <summary>Records that this opening applied from the log.</summary>
    public required long RecoveredRecords { get; init; }

    public required long LogBytes { get; init; }

    public required long LogUsedBytes { get; init; }

    /// <summary>How many checkpoints the volume has seen, roughly.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>Reads, since the volume was opened, of blocks that were not what was written (their checksum differed).</summary>
    public required long ChecksumErrors { get; init; }

    /// <summary>The first failure of the medium under a commit: since then the volume refuses changes.</summary>
    public required string? Failure { get; init; }
}

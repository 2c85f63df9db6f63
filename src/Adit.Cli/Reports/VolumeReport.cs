namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit info</c>.</summary>
internal sealed record VolumeReport
{
    public required string Name { get; init; }

    public required string Label { get; init; }

    public required Guid VolumeId { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>What files could have at most, in all.</summary>
    public required long CapacityBytes { get; init; }

    public required long UsedBytes { get; init; }

    public required long FreeBytes { get; init; }

    /// <summary>"file", "pmem", "pmem-emulated", "memory".</summary>
    public required string Medium { get; init; }

    /// <summary>What is durable survives power loss.</summary>
    public required bool IsPersistent { get; init; }

    /// <summary>Each operation is durable when it returns; else within the commit interval or at fsync.</summary>
    public required bool CommitsAreDurable { get; init; }

    /// <summary>The medium is mapped with MAP_SYNC or is a device: flushing a cache line makes it durable.</summary>
    public required bool MapSync { get; init; }

    /// <summary>The medium's address range can hold 2 MiB pages.</summary>
    public required bool HugePages { get; init; }

    public required bool IsReadOnly { get; init; }

    public required uint FormatVersion { get; init; }

    public required IReadOnlyList<FeatureReport> Features { get; init; }

    /// <summary>What decides whether files are accessed directly in this opening: "inode", "always", "never".</summary>
    public required string Dax { get; init; }

    /// <summary>Features that are previews are refused in this opening.</summary>
    public required bool RefusesPreviews { get; init; }

    public required DateTimeOffset? LastCleanClose { get; init; }

    public required bool WasClean { get; init; }

    public required long RecoveredRecords { get; init; }

    public required long LogBytes { get; init; }

    public required long LogUsedBytes { get; init; }

    public required ulong Epoch { get; init; }

    /// <summary>Reads, since the volume was opened, of blocks that were not what was written.</summary>
    public required long ChecksumErrors { get; init; }

    public required string? Failure { get; init; }

    /// <summary>The process that has the volume open, or null when only this command did.</summary>
    public int? OwnerPid { get; init; }

    /// <summary>Where it is mounted.</summary>
    public string? MountedAt { get; init; }

    /// <summary>Of the mount's server; null when it is not mounted.</summary>
    public ServerReport? Server { get; init; }
}

using Adit.Format;

namespace Adit.Metadata;

/// <summary>How to lay out a new volume.</summary>
public sealed record FormatOptions
{
    /// <summary>At most 63 bytes of UTF-8.</summary>
    public string Label { get; init; } = "";

    /// <summary>Random unless given.</summary>
    public Guid VolumeId { get; init; } = Guid.NewGuid();

    /// <summary>Size of the log's ring, or 0 for one that fits the volume (1/64 of it, 64 KiB to 64 MiB).</summary>
    public long LogBytes { get; init; }

    /// <summary>The DAX flag of the root directory, which everything made in the volume inherits unless its directory was told otherwise.</summary>
    public bool DirectAccess { get; init; } = true;

    /// <summary>Whose the root directory is.</summary>
    public uint RootUserId { get; init; }

    /// <summary>The group of the root directory.</summary>
    public uint RootGroupId { get; init; }

    /// <summary>Usage of users, groups and projects is kept from the beginning, and limits bind.</summary>
    public bool Quotas { get; init; }

    /// <summary>Features that a build must know before it writes. Those of every new volume, outside tests.</summary>
    internal ulong ReadOnlyCompatibleFeatures { get; init; } = FormatVersion.UsualReadOnlyCompatible;
}

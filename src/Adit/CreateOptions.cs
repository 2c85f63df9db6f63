using Adit.Media;

namespace Adit;

/// <summary>How to make a volume.</summary>
public sealed record CreateOptions
{
    /// <summary>Size of the volume. 0: the size of the file or device that is there.</summary>
    public long SizeBytes { get; init; }

    /// <summary>What the medium is made of; the volume remembers it.</summary>
    public MediumKind Kind { get; init; } = MediumKind.File;

    /// <summary>A name for people, at most 63 bytes of UTF-8.</summary>
    public string Label { get; init; } = "";

    /// <summary>Overwrite what looks used.</summary>
    public bool Force { get; init; }

    /// <summary>Size of the log, or 0 for one that fits the volume.</summary>
    public long LogBytes { get; init; }

    /// <summary>The root directory has the DAX flag, which everything made in the volume inherits unless its directory was told otherwise. Else
    /// files go through private buffers, with checksums, until they get the flag.</summary>
    public bool DirectAccess { get; init; } = true;

    /// <summary>Usage of users, groups and projects is kept from the beginning, and limits bind. It can be turned on later, too.</summary>
    public bool Quotas { get; init; }
}

using Adit.Format;

namespace Adit.Metadata;

/// <summary>What a volume's superblock says of it.</summary>
/// <param name="VolumeId">Random, made with the volume.</param>
/// <param name="Label">A name for people.</param>
/// <param name="MediumKind">What it was made for, as Adit.Media.MediumKind numbers it.</param>
/// <param name="Created">When it was made.</param>
/// <param name="LastCleanClose">When it was last closed in order, or null.</param>
/// <param name="WasClean">It had been closed in order when it was opened.</param>
/// <param name="Version">Its format version.</param>
/// <param name="ReadOnlyCompatibleFeatures">Features that a build must know before it writes.</param>
/// <param name="Layout">Where its fixed parts lie.</param>
public sealed record VolumeIdentity(
    Guid VolumeId,
    string Label,
    uint MediumKind,
    DateTimeOffset Created,
    DateTimeOffset? LastCleanClose,
    bool WasClean,
    uint Version,
    ulong ReadOnlyCompatibleFeatures,
    VolumeLayout Layout);

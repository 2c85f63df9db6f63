namespace Adit;

/// <summary>The features of a volume and how far each can be relied upon. <c>docs/MATURITY.md</c> says what a label promises, and what must hold
/// before it is lifted.</summary>
public static class VolumeFeatures
{
    /// <summary>Files that are not accessed directly: private buffers and checksums of their blocks.</summary>
    public const string PrivateFiles = "private-files";

    /// <summary>Holes that a program fills when they are first accessed.</summary>
    public const string PageSources = "page-sources";

    /// <summary>Pins and views whose stores are durable after a flush of their lines.</summary>
    public const string SynchronousMappings = "synchronous-mappings";

    /// <summary>Usage and limits of users, groups and projects.</summary>
    public const string Quotas = "quotas";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<VolumeFeature> All { get; } =
    [
        new("extents", FeatureMaturity.Stable),
        new("unwritten-extents", FeatureMaturity.Stable),
        new("extended-attributes", FeatureMaturity.Stable),
        new("orphans", FeatureMaturity.Stable),
        new("reverse-map", FeatureMaturity.Stable),
        new("huge-alignment", FeatureMaturity.Stable),
        new("inode-flags", FeatureMaturity.Stable),
        new(PrivateFiles, FeatureMaturity.Preview),
        new(PageSources, FeatureMaturity.Preview),
        new(SynchronousMappings, FeatureMaturity.Preview),
        new(Quotas, FeatureMaturity.Preview),
    ];
}

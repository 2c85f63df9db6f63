namespace Adit.Fuse.Tests.Mounts;

/// <summary>Tests that mount run one after another, beside no others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MountCollection
{
    public const string Name = "mounts";
}

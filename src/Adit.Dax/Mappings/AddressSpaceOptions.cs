using Adit.Dax.Testing;

namespace Adit.Dax.Mappings;

/// <summary>How an address space behaves.</summary>
public sealed record AddressSpaceOptions
{
    /// <summary>Those of an address space made without any.</summary>
    public static AddressSpaceOptions Default { get; } = new();

    /// <summary>Orders its locks among those of other files: the inode's number.</summary>
    public ulong Number { get; init; }

    /// <summary>How long the holder of a lease may go on after it was told that the range is wanted.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an access that needs a shared page copied waits for those who have the page pinned, before it fails with
    /// EBUSY. Finite, because they may be waiting for that very access.</summary>
    public TimeSpan CopyPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Page sources may be registered.</summary>
    public bool AllowsSources { get; init; } = true;

    /// <summary>Told of stores through pins and views, or null.</summary>
    public StoreWatch? Watch { get; init; }

    /// <summary>Nobody is given write access until <see cref="AddressSpace.Thaw"/>.</summary>
    public bool StartsFrozen { get; init; }

    /// <summary>A deliberate defect, for tests.</summary>
    internal DaxBrokenVariant Broken { get; init; }

    /// <summary>Called at named points, for tests.</summary>
    internal Action<DaxPoint>? OnPoint { get; init; }
}

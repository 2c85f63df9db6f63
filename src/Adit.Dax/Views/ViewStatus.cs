namespace Adit.Dax.Views;

/// <summary>What is in effect for a view, and why not more.</summary>
public sealed record ViewStatus
{
    /// <summary>See <see cref="View.IsSync"/>.</summary>
    public bool IsSync { get; init; }

    /// <summary>See <see cref="View.IsDetached"/>.</summary>
    public bool IsDetached { get; init; }

    /// <summary>Bytes that show as zeros because the host had lost them when they were to be copied.</summary>
    public long LostBytes { get; init; }

    /// <summary>A flush writes back the pages that were stored to; otherwise all that can be stored to.</summary>
    public bool TracksStores { get; init; }

    /// <summary>Why stores are not tracked.</summary>
    public string? TrackingRefusal { get; init; }

    /// <summary>Bytes mapped by entries of 2 MiB at this moment; null where the kernel does not tell.</summary>
    public long? HugeBytes { get; init; }

    /// <summary>Why nothing is mapped so.</summary>
    public string? HugeRefusal { get; init; }

    /// <summary>Bytes entered in the page table at this moment; null where the kernel does not tell.</summary>
    public long? PresentBytes { get; init; }
}

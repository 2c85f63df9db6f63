namespace Adit.Dax.Views;

/// <summary>What a view must have. Each is had or the view is refused, with the reason: none is a mere wish.</summary>
[Flags]
public enum MapFlags : byte
{
    None = 0,

    /// <summary>For a writable view: before the first store is possible, everything that is needed to reach its bytes is durable. A store is
    /// then durable once <see cref="View.Persist"/> (or the caller's own write-back of the line and a fence) is done.</summary>
    Sync = 1,

    /// <summary>Refuse a writable view rather than copy blocks that are shared with others.</summary>
    Direct = 2,

    /// <summary>Map whole chunks by entries of 2 MiB, wherever file and medium are both aligned. In a writable view stores are then found by
    /// 2 MiB, and a flush writes that much for each.</summary>
    Huge = 4,

    /// <summary>Enter all pages into the page table now, so that no first access takes a fault.</summary>
    Populate = 8,
}

using Adit.Dax.Layouts;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <summary>A view as its address space sees it: addresses that show a range of the file. The address space calls; the view never
/// looks into the layout itself. Every call is made with the mapping's lock held (shared: M, exclusive: X), and none of them takes
/// a lock of a lower rank, calls the user's code or waits for anybody.</summary>
/// <remarks>
/// No call may let an address of the view fault, at any instant, for a thread that reads (or, where the view is writable, stores)
/// through it meanwhile.
/// </remarks>
internal interface IMappedView
{
    /// <summary>The pages of the file that it covers. Never changes.</summary>
    PageRange Pages { get; }

    /// <summary>Shared and writable: stores reach the medium and are found by <see cref="CollectDirty"/>. All of such a view's pages
    /// that lie in the file have blocks of their own before it is mapped.</summary>
    bool IsStorable { get; }

    /// <summary>For a storable view never <see cref="ViewPolicy.Follow"/>.</summary>
    ViewPolicy Policy { get; }

    /// <summary>Shows the segments from now on, in place of whatever was shown. (M when attached, X afterwards.)</summary>
    /// <param name="segments">In order, inside <see cref="Pages"/>; what lies between them (it was detached) stays as it is. Pages behind
    /// the end of the file come as zeros.</param>
    /// <returns>ENOMEM: the kernel has no room for another mapping. Then what was shown before still is.</returns>
    Errno Map(ReadOnlySpan<ViewSegment> segments);

    // A view that does not follow has a lease on its range: no layout changes under it before it was recalled and detached.

    /// <summary>Stops showing the medium in a range whose blocks are about to be freed or moved; <see cref="Map"/> or
    /// <see cref="Detach"/> follows. (X)</summary>
    /// <param name="pages">Inside <see cref="Pages"/>.</param>
    /// <param name="keepBytes">Show a copy of the bytes meanwhile; otherwise zeros will do.</param>
    Errno Zap(PageRange pages, bool keepBytes);

    /// <summary>Tells which pages were stored to since the last call, and takes write access to them back first, so that each next
    /// store is found by the next call. What is told is then written back by the address space. (M or X; one caller at a time.)</summary>
    void CollectDirty(PageRange pages, IDirtyPages found);

    /// <summary>Switches a range to a private copy of the bytes that it shows, for good. (X)</summary>
    /// <returns>ENOMEM: nothing has changed.</returns>
    Errno Detach(PageRange pages);

    /// <summary>Tells the holder that the range is wanted, and how long it has. Called with no lock held, by the thread that wants
    /// it; this one may run the user's code.</summary>
    void Recall(PageRange pages, TimeSpan notice);
}

using System.Diagnostics.CodeAnalysis;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Views;

/// <summary>A range of a file as one range of memory, mapped by the hardware: loads and stores are the file's bytes on the medium, wherever
/// its blocks lie, without a call and without a copy.</summary>
/// <remarks>
/// <para>Thread-safe, but for <see cref="Dispose"/>: spans and references of a view must not be used after it, because the addresses are then
/// somebody else's. (Memory that is pinned keeps them.) Until then every address can be used at any time, whatever happens to the file:
/// a view that is in the way of a change follows it, or is detached to a copy of its own, as its policy says.</para>
/// <para>Durability: what was stored is durable after <see cref="Flush()"/>, or after a sync of the file; it may be earlier. The unit of
/// atomicity is an aligned store of 8 bytes.</para>
/// <para>A writable view gives its range blocks of its own when it is made, so no store can run out of space.
/// Bytes that it stores behind the end of the file, in the last page, are not the file's.</para>
/// </remarks>
public sealed unsafe partial class View : IDisposable
{
    private readonly AddressSpace _space;
    private readonly ViewMapping _mapping;
    private readonly ViewOptions _options;
    private readonly long _startInMapping;
    private ErrorCursor _errors;
    private int _users = 1;
    private int _isDisposed;

    private View(AddressSpace space, ViewMapping mapping, ViewOptions options, long offsetBytes, long lengthBytes)
    {
        _space = space;
        _mapping = mapping;
        _options = options;
        _startInMapping = offsetBytes - mapping.Pages.OffsetBytes;
        OffsetBytes = offsetBytes;
        LengthBytes = lengthBytes;
        _errors = space.OpenCursor();
    }

    /// <summary>Where in the file the view begins.</summary>
    public long OffsetBytes { get; }

    public long LengthBytes { get; }

    public ViewKind Kind => _mapping.Kind;

    public bool IsWritable => Kind != ViewKind.Read;

    /// <summary>Maps a range of a file.</summary>
    /// <param name="space">The file's mapping.</param>
    /// <param name="offsetBytes">Where in the file.</param>
    /// <param name="lengthBytes">At least 1. A view that follows the file may end behind the file's end: zeros, until the file grows.</param>
    /// <param name="options">How.</param>
    /// <param name="view">The view on success.</param>
    /// <param name="refusal">Why not, for people, where the error number alone does not say it.</param>
    /// <returns>ENXIO: behind the end of the file. EOPNOTSUPP: something asked for cannot be had. ENOSPC, EDQUOT: no blocks for all of a
    /// writable view; as after a failed fallocate(2), a part of its holes may have some, which read as zeros. EINVAL, EROFS, EIO, ENOMEM;
    /// EBUSY: others keep shared blocks from being copied.</returns>
    public static Errno TryMap(
        AddressSpace space, long offsetBytes, long lengthBytes, ViewOptions options, [NotNullWhen(true)] out View? view, out string? refusal)
    {
        view = null;
        refusal = null;
        if (offsetBytes < 0 || lengthBytes <= 0 || offsetBytes > long.MaxValue - lengthBytes - PageIndex.PageBytes)
        {
            return Errno.EINVAL;
        }

        Errno outcome = Check(space, options, out refusal);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        Medium medium = space.Layout.Medium;
        PageRange pages = WholeUnits(medium, PageRange.OfBytes(offsetBytes, lengthBytes));
        StoreTracker? tracker = HasLargeUnits(medium) ? null : StoreTracker.Shared;
        outcome = ViewMapping.TryCreate(medium, pages, options.Kind, WantsHugePages(medium, options), tracker, out ViewMapping? mapping);
        if (mapping is null)
        {
            refusal = outcome == Errno.ENOTSUP ? medium.MapRangeRefusal : null;
            return outcome;
        }

        View made = new(space, mapping, options, offsetBytes, lengthBytes);
        outcome = made.Attach(out refusal);
        if (outcome != Errno.Success)
        {
            made.Dispose();
            return outcome;
        }

        // Blocks that it was given are blocks of the file that others see.
        space.WaitUntilTold();
        view = made;
        return Errno.Success;
    }

    /// <summary>Ends the view. What was stored through it stays in the file, to be made durable by a sync of it. Spans and references of the
    /// view must not be used any more; the addresses are given back when no memory of it is pinned.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Leave();
        }
    }

    internal bool IsDisposed => Volatile.Read(ref _isDisposed) != 0;

    /// <summary>Some I/O begins to use the memory.</summary>
    internal void Join()
    {
        int users;
        do
        {
            users = Volatile.Read(ref _users);
            ObjectDisposedException.ThrowIf(users == 0 || IsDisposed, this);
        }
        while (Interlocked.CompareExchange(ref _users, users + 1, users) != users);
    }

    internal void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            // Collects what was stored last, then lets go.
            _space.DetachView(this);
            _mapping.Dispose();
            _space.WaitUntilTold();
        }
    }

    private static Errno Check(AddressSpace space, ViewOptions options, out string? refusal)
    {
        Medium medium = space.Layout.Medium;
        refusal = null;
        if (HasLargeUnits(medium) && space.Layout is not RawMediumLayout)
        {
            refusal = $"{medium.Name} can be mapped by whole {medium.MapUnitBytes >> 10} KiB only, and the blocks of files are smaller. " +
                "Use pins, or make the volume in a file system mounted with dax.";
            return Errno.ENOTSUP;
        }

        if (options.Kind == ViewKind.ReadWrite && options.EffectivePolicy == ViewPolicy.Follow)
        {
            refusal = "A writable view cannot follow a change of the layout: its stores would go astray. Choose Detach or Refuse.";
            return Errno.EINVAL;
        }

        if ((options.Flags & (MapFlags.Sync | MapFlags.Direct)) != 0 && options.Kind != ViewKind.ReadWrite)
        {
            refusal = "Sync and Direct are about stores to the file: only a view of kind ReadWrite has them.";
            return Errno.EINVAL;
        }

        if ((options.Flags & MapFlags.Sync) != 0 && !space.CanSync)
        {
            refusal = $"{medium.Name}: a {medium.Kind} medium has no synchronous stores: there durability takes a flush. Map without Sync, or " +
                "put the volume on persistent memory.";
            return Errno.ENOTSUP;
        }

        if ((options.Flags & MapFlags.Huge) != 0)
        {
            refusal = HugePages.Refusal(medium, options.Kind);
        }

        return refusal is null ? Errno.Success : Errno.ENOTSUP;
    }

    private static bool WantsHugePages(Medium medium, ViewOptions options) =>
        (options.Flags & MapFlags.Huge) != 0 || (options.Kind != ViewKind.ReadWrite && HugePages.AreFree(medium));

    /// <summary>A device: its pages are found stored to, and given and taken, by its own unit.</summary>
    private static bool HasLargeUnits(Medium medium) => medium.MapUnitBytes > Environment.SystemPageSize;

    /// <summary>The hardware maps what the medium is mapped by, which may be larger than a block.</summary>
    private static PageRange WholeUnits(Medium medium, PageRange pages)
    {
        long mask = (medium.MapUnitBytes >> PageIndex.PageShift) - 1;
        return PageRange.Between(new PageIndex(pages.First.Value & ~mask), new PageIndex((pages.End.Value + mask) & ~mask));
    }

    private Errno Attach(out string? refusal)
    {
        refusal = null;
        Errno outcome = CheckEnd();
        if (outcome == Errno.Success && (_options.Flags & MapFlags.Direct) != 0)
        {
            outcome = CheckUnshared(out refusal);
        }

        if (outcome == Errno.Success)
        {
            outcome = _space.AttachView(this, new LeaseOptions { Purpose = _options.Purpose });
        }

        if (outcome == Errno.Success && (_options.Flags & MapFlags.Sync) != 0)
        {
            outcome = Advise(0, LengthBytes, MappingAdvice.Sync);
        }

        if (outcome == Errno.Success && (_options.Flags & MapFlags.Huge) != 0)
        {
            refusal = HugePages.RefusalOf(_mapping);
            outcome = refusal is null ? Errno.Success : Errno.ENOTSUP;
        }

        return outcome == Errno.Success && (_options.Flags & MapFlags.Populate) != 0 ? _mapping.Populate() : outcome;
    }

    /// <summary>What is stored behind the end of a file would be lost without a word.</summary>
    private Errno CheckEnd()
    {
        if (Kind != ViewKind.ReadWrite)
        {
            return Errno.Success;
        }

        _space.Layout.Enter(LayoutAccess.Look);
        long sizeBytes = _space.Layout.SizeBytes;
        _space.Layout.Exit(LayoutAccess.Look);
        return OffsetBytes + LengthBytes > sizeBytes ? Errno.ENXIO : Errno.Success;
    }

    private Errno CheckUnshared(out string? refusal)
    {
        refusal = null;
        Errno outcome = Errno.Success;
        PageRange left = PageRange.OfBytes(OffsetBytes, LengthBytes);
        _space.Layout.Enter(LayoutAccess.Look);
        while (outcome == Errno.Success && refusal is null && !left.IsEmpty)
        {
            outcome = _space.Layout.Find(left.First, left.PageCount, out LayoutExtent extent);
            if (outcome == Errno.Success)
            {
                refusal = extent.IsShared ? $"{extent.Pages} of the file are shared with others: stores to them need a copy." : null;
                left = PageRange.Between(left.First, left.End).Intersect(PageRange.From(extent.Pages.End));
            }
        }

        _space.Layout.Exit(LayoutAccess.Look);
        return refusal is null ? outcome : Errno.ENOTSUP;
    }
}

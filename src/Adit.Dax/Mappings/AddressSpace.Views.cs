using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Interop;
using Adit.Interop.Locking;
using CollectionsMarshal = System.Runtime.InteropServices.CollectionsMarshal;

namespace Adit.Dax.Mappings;

/// <content>The views of the file, and what was stored through them.</content>
public sealed unsafe partial class AddressSpace
{
    private const int MaxAttachTries = 100;

    private readonly RankedLock _viewsLock;

    // Replaced as a whole with the mapping held (shared and the views lock, or alone); read with either.
    private ViewAttachment[] _views = [];

    private bool HasViews => Volatile.Read(ref _views).Length != 0;

    /// <summary>Shows a view what it is to show, and keeps it up to date from now on. All of a storable view's pages that lie in
    /// the file get blocks first. No lock is held.</summary>
    /// <param name="view">The view.</param>
    /// <param name="lease">On whose behalf, for a view that does not follow.</param>
    /// <returns>ENXIO: it begins behind the end of the file. EROFS, ENOSPC, EDQUOT, EBUSY, EIO, ENOMEM.</returns>
    internal Errno AttachView(IMappedView view, LeaseOptions lease)
    {
        if (view.IsStorable && Layout.IsReadOnly)
        {
            return Errno.EROFS;
        }

        for (int i = 0; i < MaxAttachTries; i++)
        {
            if (view.IsStorable)
            {
                WaitForThaw();
            }

            PageRange inFile = InFile(view.Pages);
            Errno errno = inFile.IsEmpty ? Errno.ENXIO : view.IsStorable ? PrepareStorable(inFile) : FillFor(inFile);
            if (errno == Errno.Success)
            {
                errno = TryAttach(view, lease);
            }

            if (errno != Errno.EAGAIN)
            {
                return errno;
            }
        }

        return Errno.EBUSY;
    }

    /// <summary>Forgets a view: it shows nothing of the file any more, or what it shows no longer matters. What was stored through it
    /// counts as dirty.</summary>
    internal void DetachView(IMappedView view)
    {
        EnterCollecting(view.Pages);
        try
        {
            using (_viewsLock.Enter())
            {
                Volatile.Write(ref _views, [.. _views.Where(other => !ReferenceEquals(other.View, view))]);
            }
        }
        finally
        {
            _mapping.ExitShared();
        }

        Leases.RemoveOf(view);
        NotifyReleased();
    }

    /// <summary>Enters the mapping shared, with the stores through views marked. No lock is held before.</summary>
    private void EnterCollecting(PageRange pages)
    {
        if (!HasViews)
        {
            _mapping.EnterShared();
            return;
        }

        // Inside the layout, because the time stamps may move; not for longer, because a write-back may take long.
        Layout.Enter(LayoutAccess.Look);
        try
        {
            _mapping.EnterShared();
            try
            {
                CollectFromViewsLocked(pages);
            }
            catch
            {
                _mapping.ExitShared();
                throw;
            }
        }
        finally
        {
            Layout.Exit(LayoutAccess.Look);
        }
    }

    private PageRange InFile(PageRange pages)
    {
        Layout.Enter(LayoutAccess.Look);
        PageRange inFile = pages.Intersect(PageRange.Between(default, EndLocked));
        Layout.Exit(LayoutAccess.Look);
        return inFile;
    }

    /// <summary>Blocks for every page, and an entry to keep the marks of what the hardware finds stored to.</summary>
    private Errno PrepareStorable(PageRange pages)
    {
        Errno errno = Settle(pages, isDirect: false);
        PageIndex page = pages.First;
        while (errno == Errno.Success && page < pages.End)
        {
            errno = Fault(new FaultRequest(page, pages, PinAccess.Write, TakesPin: false, IsTracked: true), out EntryRef entry, out _);
            page = errno == Errno.Success ? entry.Pages.End : page;
        }

        // The file may have been cut meanwhile.
        return errno == Errno.ENXIO ? Errno.EAGAIN : errno;
    }

    private Errno TryAttach(IMappedView view, LeaseOptions lease)
    {
        Layout.Enter(LayoutAccess.Look);
        try
        {
            _mapping.EnterShared();
            try
            {
                if (_isEvicted)
                {
                    return Errno.EBADF;
                }

                if (view.IsStorable && (IsFrozen || !IsPreparedLocked(view.Pages)))
                {
                    return Errno.EAGAIN;
                }

                List<ViewSegment> segments = [];
                Errno errno = ReadSegmentsLocked(view.Pages, segments);
                if (errno == Errno.Success)
                {
                    errno = view.Map(CollectionsMarshal.AsSpan(segments));
                }

                if (errno == Errno.Success)
                {
                    if (view.Policy != ViewPolicy.Follow)
                    {
                        _ = Leases.Add(view.Pages, lease, view);
                    }

                    using (_viewsLock.Enter())
                    {
                        Volatile.Write(ref _views, [.. _views, new ViewAttachment(view)]);
                    }
                }

                return errno;
            }
            finally
            {
                _mapping.ExitShared();
            }
        }
        finally
        {
            Layout.Exit(LayoutAccess.Look);
        }
    }

    /// <summary>Every page of a storable view still has blocks of its own, and an entry.</summary>
    private bool IsPreparedLocked(PageRange pages)
    {
        PageIndex page = pages.First;
        PageIndex end = pages.Intersect(PageRange.Between(default, EndLocked)).End;
        while (page < end)
        {
            if (Layout.Find(page, end - page, out LayoutExtent extent) != Errno.Success || !extent.IsWritable
                || !_tree.TryFind(page.Value, out EntryRef entry) || !entry.Read().IsReal)
            {
                return false;
            }

            page = entry.Pages.End < extent.Pages.End ? entry.Pages.End : extent.Pages.End;
        }

        return true;
    }

    /// <summary>What a view of a range is to show now.</summary>
    private Errno ReadSegmentsLocked(PageRange pages, List<ViewSegment> segments)
    {
        PageIndex page = pages.First;
        PageIndex end = EndLocked;
        while (page < pages.End)
        {
            LayoutExtent extent = new(PageRange.From(page), LayoutKind.Hole, MediumPage.None);
            Errno errno = page < end ? Layout.Find(page, pages.End - page, out extent) : Errno.Success;
            if (errno != Errno.Success)
            {
                return errno;
            }

            PageRange stretch = PageRange.Between(page, pages.End).Intersect(extent.Pages);
            if (page < end)
            {
                stretch = stretch.Intersect(PageRange.Between(page, end));
            }

            segments.Add(new ViewSegment(stretch, extent.IsMapped ? extent.At(page) : MediumPage.None));
            page = stretch.End;
        }

        return Errno.Success;
    }

    /// <summary>Marks what was stored to through the views of a range. With the mapping held; one thread at a time, so that none finds
    /// nothing to collect while another has collected and not yet marked.</summary>
    private void CollectFromViewsLocked(PageRange pages)
    {
        if (!HasViews)
        {
            return;
        }

        using (_viewsLock.Enter())
        {
            StoredPages found = new(this);
            foreach (ViewAttachment attachment in _views)
            {
                PageRange wanted = attachment.View.Pages.Intersect(pages);
                if (attachment.View.IsStorable && !wanted.IsEmpty)
                {
                    attachment.View.CollectDirty(wanted, found);
                }
            }

            if (found.HasAny)
            {
                Layout.MarkModified();
            }
        }
    }

    /// <summary>Switches views away from a range that is about to change: those that follow for the time being, those that can be detached for
    /// good. (Others would have stopped the change by their lease.)</summary>
    private Errno SwitchViewsLocked(PageRange pages, bool keepBytes)
    {
        foreach (ViewAttachment attachment in _views)
        {
            PageRange wanted = attachment.View.Pages.Intersect(pages);
            if (wanted.IsEmpty || attachment.IsDetached(wanted))
            {
                continue;
            }

            bool follows = attachment.View.Policy == ViewPolicy.Follow;
            Errno errno = follows ? attachment.View.Zap(wanted, keepBytes) : attachment.View.Detach(wanted);
            if (errno != Errno.Success)
            {
                return errno;
            }

            if (!follows)
            {
                attachment.AddDetached(wanted);
                _counters.CountDetachment();
            }
        }

        return Errno.Success;
    }

    /// <summary>Has the views of a range show the layout as it is now, but for what is detached. A storable view shows what it was
    /// made with until it is detached: it has blocks of its own everywhere, and what lies behind the end of the file is not the file's.</summary>
    private void ShowLayoutLocked(PageRange pages)
    {
        if (!HasViews)
        {
            return;
        }

        List<ViewSegment> segments = [];
        foreach (ViewAttachment attachment in _views)
        {
            PageRange wanted = attachment.View.Pages.Intersect(pages);
            if (wanted.IsEmpty || attachment.View.IsStorable)
            {
                continue;
            }

            segments.Clear();
            Errno errno = ReadSegmentsLocked(wanted, segments);
            attachment.RemoveDetached(segments);
            if (errno == Errno.Success && segments.Count != 0)
            {
                errno = attachment.View.Map(CollectionsMarshal.AsSpan(segments));
            }

            if (errno != Errno.Success)
            {
                // It shows a copy of the bytes, or zeros, and stays so.
                attachment.AddDetached(wanted);
                _counters.CountDetachment();
                _ = Failed(errno);
            }
        }
    }

    private sealed class StoredPages(AddressSpace space) : IDirtyPages
    {
        public bool HasAny { get; private set; }

        public void Add(PageRange pages)
        {
            HasAny = true;
            if (space._watch is { IsActive: true } watch)
            {
                watch.Stored(space._options.Number, pages.OffsetBytes, pages.LengthBytes);
            }

            if (space._broken == DaxBrokenVariant.ViewStoresLost)
            {
                return;
            }

            PageIndex page = pages.First;
            while (page < pages.End)
            {
                page = space.MarkStoredThroughView(page, pages);
            }
        }
    }

    /// <summary>Marks the entry of a page dirty, once nobody is writing it back.</summary>
    private PageIndex MarkStoredThroughView(PageIndex page, PageRange stored)
    {
        EntryRef entry = LockEntry(page, EntrySize.Page, isDense: false);
        bool isReal = entry.Read().IsReal;
        if (isReal)
        {
            if (entry.IsLarge)
            {
                entry.Large.AddDirty(entry.Slot, stored);
            }

            _tree.MarkDirty(entry);
        }

        PageIndex end = entry.Pages.End;
        Unlock(entry);

        // Behind the end that the file had when the view was made there is nothing of the file to store to.
        return end;
    }
}

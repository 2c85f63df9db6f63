using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>Settling: giving a range blocks that may be stored to, under the mapping's lock held alone. The only place where the core has
/// the layout changed.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Pages dealt with under one hold of the locks: 16 MiB.</summary>
    private const long MaxSettledPages = 4096;

    /// <summary>Makes every page of a range storable. No lock is held.</summary>
    private Errno Settle(PageRange pages, bool isDirect)
    {
        long deadline = Environment.TickCount64 + (long)_options.CopyPatience.TotalMilliseconds;
        PageIndex page = pages.First;
        while (page < pages.End)
        {
            Errno errno = SettleOnce(PageRange.Between(page, pages.End).Intersect(new PageRange(page, MaxSettledPages)), isDirect, out page, out EntryRef busy, out FaultStep step);
            if (errno == Errno.Success && step == FaultStep.WaitForThaw)
            {
                WaitForThaw();
            }
            else if (errno == Errno.Success && step == FaultStep.AskSource)
            {
                errno = FillFromSource(page);
            }
            else if (errno == Errno.EAGAIN)
            {
                _counters.CountPinWait();
                errno = EntryWaits.WaitForPins(busy, deadline, CancellationToken.None) ? Errno.Success : Errno.EBUSY;
            }

            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        return Errno.Success;
    }

    private Errno SettleOnce(PageRange pages, bool isDirect, out PageIndex page, out EntryRef busy, out FaultStep step)
    {
        Layout.Enter(LayoutAccess.Change);
        try
        {
            _mapping.EnterExclusive();
            try
            {
                return SettleLocked(pages, isDirect, out page, out busy, out step);
            }
            finally
            {
                _mapping.ExitExclusive();
            }
        }
        finally
        {
            Layout.Exit(LayoutAccess.Change);
        }
    }

    /// <param name="page">How far it got.</param>
    /// <param name="busy">After EAGAIN: the entry of a shared page that is pinned.</param>
    /// <param name="step">What must be done before it can go on.</param>
    private Errno SettleLocked(PageRange pages, bool isDirect, out PageIndex page, out EntryRef busy, out FaultStep step)
    {
        page = pages.First;
        busy = default;
        step = IsFrozen && _broken != DaxBrokenVariant.FreezeIgnored ? FaultStep.WaitForThaw : FaultStep.Done;
        Errno errno = pages.End > EndLocked ? Errno.ENXIO : Errno.Success;
        while (errno == Errno.Success && step == FaultStep.Done && page < pages.End)
        {
            errno = Layout.Find(page, pages.End - page, out LayoutExtent extent);
            if (errno != Errno.Success || extent.IsWritable)
            {
                page = extent.Pages.End < pages.End ? extent.Pages.End : pages.End;
                continue;
            }

            PageRange stretch = PageRange.Between(page, pages.End).Intersect(extent.Pages);
            if (extent.Kind == LayoutKind.Hole && HasSourceIn(new PageRange(page, 1)))
            {
                step = FaultStep.AskSource;
            }
            else if (extent.IsShared && (isDirect || AdviceFor(page, isWrite: true) == PinAccess.Direct))
            {
                errno = Errno.ENOTSUP;
            }
            else
            {
                errno = GiveBlocksLocked(BeforeSource(stretch, extent), extent.IsMapped, out page, out busy);
            }
        }

        return errno;
    }

    /// <summary>Of a hole, only what lies before the next page that a source is to fill.</summary>
    private PageRange BeforeSource(PageRange stretch, in LayoutExtent extent)
    {
        if (extent.Kind != LayoutKind.Hole || !HasSourceIn(stretch))
        {
            return stretch;
        }

        PageIndex end = stretch.First;
        while (!HasSourceIn(new PageRange(end, 1)))
        {
            end += 1;
        }

        return PageRange.Between(stretch.First, end);
    }

    private Errno GiveBlocksLocked(PageRange stretch, bool isCopied, out PageIndex page, out EntryRef busy)
    {
        page = stretch.First;
        busy = default;
        if (isCopied)
        {
            if (IsBusyLocked(stretch, out busy))
            {
                return Errno.EAGAIN;
            }

            // The others may free the old blocks as soon as they are theirs alone.
            Errno switched = SwitchViewsLocked(stretch, keepBytes: true);
            if (switched != Errno.Success)
            {
                ShowLayoutLocked(stretch);
                return switched;
            }
        }

        Errno errno = Layout.MakeWritable(page, stretch.PageCount, out LayoutExtent made);
        if (errno == Errno.Success && !(made.Pages.Contains(page) && made.IsWritable && IsOnMedium(made)))
        {
            errno = Errno.EIO;
        }

        if (errno == Errno.Success)
        {
            PageRange changed = stretch.Intersect(made.Pages);
            if (_broken != (isCopied ? DaxBrokenVariant.CopySourceKept : DaxBrokenVariant.StaleZeroKept))
            {
                DropEntriesLocked(changed, givesBack: true);
            }

            page = changed.End;
        }

        ShowLayoutLocked(stretch);
        return errno;
    }

    /// <summary>After a file system has itself given blocks to holes or unwritten ranges: what showed zeros shows them no more.
    /// Inside the layout with <see cref="LayoutAccess.Change"/>, before the new bytes may be relied on. Waits for nobody: pins of zeros keep
    /// their zeros.</summary>
    public void BlocksAppeared(PageRange pages)
    {
        if (IsEmpty && !HasViews)
        {
            return;
        }

        _mapping.EnterExclusive();
        try
        {
            if (_broken != DaxBrokenVariant.StaleZeroKept)
            {
                DropZerosLocked(pages);
            }

            ShowLayoutLocked(pages);
        }
        finally
        {
            _mapping.ExitExclusive();
        }
    }

    private void DropZerosLocked(PageRange pages)
    {
        long page = pages.First.Value;
        while (_tree.TryNext(EntryMark.Live, page, pages.End.Value, out EntryRef entry))
        {
            page = entry.Pages.End.Value;
            if (!entry.Read().IsReal)
            {
                RemoveEntry(entry, givesBack: true);
            }
        }
    }
}

using Adit.Dax.Breaking;
using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Testing;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Mappings;

/// <content>The core's side of a layout change: see <see cref="LayoutBreak"/>. Whoever holds the mapping alone finds no entry locked,
/// because entries are locked by those who share it; so an entry is zapped and its pins are seen in one swap, and no pin can come after.</content>
public sealed unsafe partial class AddressSpace
{
    internal LeaseTable Leases { get; }

    /// <summary>Zaps a range and drops its entries, or finds out who is in the way.</summary>
    internal Errno TryBeginBreak(PageRange pages, BreakOptions options, out EntryRef busy)
    {
        busy = default;
        if (!options.NoWait)
        {
            _mapping.EnterExclusive();
        }
        else if (!_mapping.TryEnterExclusive())
        {
            return Errno.EAGAIN;
        }

        Errno errno;
        try
        {
            Reach(DaxPoint.BreakBeforeZap);
            errno = IsBusyLocked(pages, out busy) && _broken != DaxBrokenVariant.LayoutBreakSkipped
                ? Errno.EAGAIN
                : ClearLocked(pages, options.Discards);
        }
        catch (MediumException failure)
        {
            errno = Failed(failure.Errno);
        }
        catch
        {
            _mapping.ExitExclusive();
            throw;
        }

        if (errno == Errno.Success)
        {
            _counters.CountLayoutBreak();
        }
        else
        {
            _mapping.ExitExclusive();
        }

        return errno;
    }

    internal void EndBreak(PageRange pages)
    {
        try
        {
            ShowLayoutLocked(pages);
        }
        finally
        {
            _mapping.ExitExclusive();
        }
    }

    /// <summary>Waits for leases, or for the pins of one entry. No lock is held.</summary>
    internal Errno WaitForIdle(PageRange pages, bool isKept, EntryRef busy, CancellationToken token)
    {
        Reach(DaxPoint.BreakBusy);
        _counters.CountPinWait();
        if (isKept)
        {
            return Leases.Recall(pages, _options.LeaseTime, token);
        }

        return busy.Node is null || EntryWaits.WaitForPins(busy, long.MaxValue, token) ? Errno.Success : Errno.EINTR;
    }

    /// <summary>Takes access to a range away, and looks for pins.</summary>
    private bool IsBusyLocked(PageRange pages, out EntryRef busy)
    {
        long page = pages.First.Value;
        while (_tree.TryNext(EntryMark.Live, page, pages.End.Value, out EntryRef entry))
        {
            PageEntry seen = entry.Change(0, PageEntry.Accessible | PageEntry.Writable);
            if (seen.Pins != 0)
            {
                busy = entry;
                return true;
            }

            page = entry.Pages.End.Value;
        }

        busy = default;
        return false;
    }

    /// <summary>Makes what must survive durable, switches views away, and takes the entries out.</summary>
    private Errno ClearLocked(PageRange pages, bool discards)
    {
        if (!discards && _broken != DaxBrokenVariant.DirtyDropped)
        {
            CollectFromViewsLocked(pages);
            FlushDirtyLocked(pages);
        }

        Errno errno = SwitchViewsLocked(pages, keepBytes: !discards);
        if (errno != Errno.Success)
        {
            ShowLayoutLocked(pages);
            return errno;
        }

        if (!discards && HasViews && _broken != DaxBrokenVariant.DirtyDropped)
        {
            // What was stored between the first collection and the switch. No view reaches these pages now.
            CollectFromViewsLocked(pages);
            FlushDirtyLocked(pages);
        }

        if (_broken != DaxBrokenVariant.EntriesKept)
        {
            DropEntriesLocked(pages, givesBack: true);
        }

        return Errno.Success;
    }

    /// <summary>Nobody can store meanwhile but through views that are about to be switched away.</summary>
    private void FlushDirtyLocked(PageRange pages)
    {
        long page = pages.First.Value;
        bool isDirty = false;
        while (_tree.TryNext(EntryMark.Dirty, page, pages.End.Value, out EntryRef entry))
        {
            MarkStored(entry, entry.Pages);
            isDirty = true;
            page = entry.Pages.End.Value;
        }

        if (isDirty)
        {
            _medium.Fence();
        }
    }

    private void DropEntriesLocked(PageRange pages, bool givesBack)
    {
        while (_tree.TryNext(EntryMark.Live, pages.First.Value, pages.End.Value, out EntryRef entry))
        {
            if (_broken is DaxBrokenVariant.LayoutBreakSkipped or DaxBrokenVariant.EvictionWithoutWait)
            {
                // Pins that were not waited for would stop the removal.
                _ = entry.Change(0, PageEntry.PinMask);
            }

            RemoveEntry(entry, givesBack);
        }
    }
}

using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>Faults: making a page accessible. In this order: size check, entry lock, question to the layout, action, unlock. A fault
/// never changes the layout itself: it lets go of everything, has the layout changed under the locks that takes, and begins again.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Makes a range accessible, so that pins of it need not ask.</summary>
    /// <returns>ENXIO: behind the end of the file. EINVAL, EROFS, ENOSPC, EDQUOT, EBUSY, EIO, EOPNOTSUPP.</returns>
    public Errno Populate(long offsetBytes, long lengthBytes, PinAccess access)
    {
        Errno errno = CheckAccess(offsetBytes, lengthBytes, access);
        PageRange pages = PageRange.OfBytes(offsetBytes, lengthBytes);
        PageIndex page = pages.First;
        while (errno == Errno.Success && page < pages.End)
        {
            errno = Fault(new FaultRequest(page, pages, access, TakesPin: false), out EntryRef entry, out _);
            page = errno == Errno.Success ? entry.Pages.End : page;
        }

        return errno;
    }

    private Errno CheckAccess(long offsetBytes, long lengthBytes, PinAccess access)
    {
        bool isWrite = (access & PinAccess.Write) != 0;
        if (offsetBytes < 0 || lengthBytes <= 0 || offsetBytes > long.MaxValue - lengthBytes || ((access & PinAccess.Sync) != 0 && !isWrite))
        {
            return Errno.EINVAL;
        }

        if ((access & PinAccess.Sync) != 0 && !CanSync)
        {
            return Errno.ENOTSUP;
        }

        return isWrite && Layout.IsReadOnly ? Errno.EROFS : Errno.Success;
    }

    /// <summary>Makes a page accessible, whatever it takes. No lock is held.</summary>
    private Errno Fault(FaultRequest request, out EntryRef entry, out PageEntry state)
    {
        uint[]? dirtyTable = null;
        while (true)
        {
            FaultStep step;
            Errno errno;
            Layout.Enter(LayoutAccess.Look);
            try
            {
                _mapping.EnterShared();
                try
                {
                    errno = FaultLocked(request, dirtyTable, out entry, out state, out step);
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

            if (errno == Errno.Success && step != FaultStep.Done)
            {
                errno = TakeStep(step, request, entry, ref dirtyTable);
                if (errno == Errno.Success)
                {
                    continue;
                }
            }

            return errno;
        }
    }

    private Errno TakeStep(FaultStep step, FaultRequest request, EntryRef entry, ref uint[]? dirtyTable)
    {
        switch (step)
        {
            case FaultStep.Settle:
                return Settle(SettledTogether(request), request.IsDirect);
            case FaultStep.MakeDurable:
                return Layout.MakeDurable(entry.Pages);
            case FaultStep.WaitForThaw:
                WaitForThaw();
                return Errno.Success;
            case FaultStep.AskSource:
                return FillFromSource(request.Page);
            default:
                dirtyTable = entry.Large.MakeDirtyTable();
                return Errno.Success;
        }
    }

    /// <summary>What is given blocks at once: all that the access still has before it, so that it lies together.</summary>
    private static PageRange SettledTogether(FaultRequest request) =>
        request.Pages.Intersect(new PageRange(request.Page, MaxSettledPages));

    private Errno FaultLocked(FaultRequest request, uint[]? dirtyTable, out EntryRef entry, out PageEntry state, out FaultStep step)
    {
        entry = default;
        state = default;
        step = FaultStep.Done;
        if (_isEvicted)
        {
            return Errno.EBADF;
        }

        if (request.Page >= EndLocked)
        {
            return Errno.ENXIO;
        }

        if (request.IsWrite && IsFrozen && _broken != DaxBrokenVariant.FreezeIgnored)
        {
            step = FaultStep.WaitForThaw;
            return Errno.Success;
        }

        FaultRequest advised = request with { Access = request.Access | AdviceFor(request.Page, request.IsWrite) };
        EntrySize largest = LargestLocked(request.Page);
        bool isDense = request.Pages.Contains(new PageRange(request.Page.HugeStart, PageIndex.PagesPerHuge));
        EntrySize hoped = largest;
        while (true)
        {
            Reach(DaxPoint.FaultBeforeLock);
            entry = LockEntry(request.Page, largest, isDense);
            bool leavesLocked = false;
            try
            {
                Reach(DaxPoint.FaultLocked);
                Errno errno = FaultEntry(advised, entry, dirtyTable, out state, out step);
                if (errno != Errno.EAGAIN)
                {
                    if (largest != hoped && errno == Errno.Success && step == FaultStep.Done)
                    {
                        _counters.CountFallback(hoped, largest);
                    }

                    leavesLocked = errno != Errno.Success && _broken == DaxBrokenVariant.EntryLeftLocked;
                    return errno;
                }

                largest = entry.Size - 1;
            }
            finally
            {
                if (!leavesLocked)
                {
                    Unlock(entry);
                }
                else
                {
                    _entryBit.Exiting();
                }
            }
        }
    }

    /// <summary>The largest entry that a page could have, by its place in the file and by what the medium is mapped in.</summary>
    private EntrySize LargestLocked(PageIndex page)
    {
        PageIndex end = EndLocked;
        if (_medium.MapUnitBytes >> PageIndex.PageShift >= PageIndex.PagesPerGiant && page.GiantStart + PageIndex.PagesPerGiant <= end)
        {
            return EntrySize.Giant;
        }

        return page.HugeStart + PageIndex.PagesPerHuge <= end ? EntrySize.Huge : EntrySize.Page;
    }

    /// <summary>With the entry locked.</summary>
    /// <returns>EAGAIN: that much cannot be one entry; try again with less.</returns>
    private Errno FaultEntry(FaultRequest request, EntryRef entry, uint[]? dirtyTable, out PageEntry state, out FaultStep step)
    {
        step = FaultStep.Done;
        state = entry.Read();
        if (request.IsWrite && !GiveDirtyTable(entry, dirtyTable))
        {
            step = FaultStep.GiveDirtyTable;
            return Errno.Success;
        }

        if (state.Kind == EntryKind.Empty || !IsSatisfied(state, request))
        {
            PageRange pages = entry.Pages;
            Errno errno = Layout.Find(pages.First, pages.PageCount, out LayoutExtent extent);
            Reach(DaxPoint.FaultAnswered);
            if (errno != Errno.Success)
            {
                return errno;
            }

            if (!extent.Pages.Contains(pages.First) || extent.Kind > LayoutKind.Mapped || (extent.IsMapped && !IsOnMedium(extent)))
            {
                return Errno.EIO;
            }

            if (entry.IsLarge && !state.IsReal && !CanBeLarge(entry, extent, request))
            {
                // An entry of zeros is in nobody's way: it has no pins.
                _ = entry.Change(0, PageEntry.Accessible);
                MakeEmpty(entry);
                return Errno.EAGAIN;
            }

            step = request.IsWrite ? StepBeforeWriting(request, extent) : StepBeforeReading(request, extent);
            if (step != FaultStep.Done)
            {
                return Errno.Success;
            }

            Show(entry, extent, request);
            _counters.CountFault(entry.Size, request.IsWrite);
        }

        return Give(entry, request, out state);
    }

    private bool GiveDirtyTable(EntryRef entry, uint[]? dirtyTable)
    {
        if (!entry.IsLarge || entry.Large.HasDirtyTable)
        {
            return true;
        }

        if (dirtyTable is not null)
        {
            entry.Large.GiveDirtyTable(dirtyTable);
        }

        return dirtyTable is not null;
    }

    private static bool IsSatisfied(PageEntry state, FaultRequest request)
    {
        ulong needed = NeededFor(request.Access);
        return (state.Bits & needed) == needed;
    }

    private static ulong NeededFor(PinAccess access) => PageEntry.Accessible
        | ((access & PinAccess.Write) != 0 ? PageEntry.Writable : 0)
        | ((access & PinAccess.Sync) != 0 ? PageEntry.Synced : 0);

    private bool IsOnMedium(in LayoutExtent extent) =>
        extent.Start.Value >= 0 && extent.Start.OffsetBytes + extent.Pages.LengthBytes <= _medium.LengthBytes;

    private bool CanBeLarge(EntryRef entry, in LayoutExtent extent, FaultRequest request)
    {
        PageRange pages = entry.Pages;
        if (!extent.Pages.Contains(pages))
        {
            return false;
        }

        if (extent.IsMapped)
        {
            MediumPage start = extent.At(pages.First);
            return entry.Size == EntrySize.Giant ? start.IsGiantAligned : start.IsHugeAligned;
        }

        // Zeros are mapped by 2 MiB at most, for which there are zeros to show.
        return entry.Size == EntrySize.Huge
            && !(extent.Kind == LayoutKind.Hole && HasSourceIn(pages))
            && (!request.IsWrite || request.Pages.Contains(pages));
    }

    private FaultStep StepBeforeReading(FaultRequest request, in LayoutExtent extent) =>
        extent.Kind == LayoutKind.Hole && HasSourceIn(new PageRange(request.Page, 1)) ? FaultStep.AskSource : FaultStep.Done;

    private FaultStep StepBeforeWriting(FaultRequest request, in LayoutExtent extent)
    {
        FaultStep step = StepBeforeReading(request, extent);
        if (step != FaultStep.Done)
        {
            return step;
        }

        if (!extent.IsWritable)
        {
            return FaultStep.Settle;
        }

        return request.IsSync && extent.IsNotDurable && _broken != DaxBrokenVariant.SyncWithoutMetadata
            ? FaultStep.MakeDurable
            : FaultStep.Done;
    }

    /// <summary>Makes a locked entry show what the layout gave, with the access asked for.</summary>
    private void Show(EntryRef entry, in LayoutExtent extent, FaultRequest request)
    {
        if (!extent.IsMapped)
        {
            Swap(entry, EntryKind.Zero, MediumPage.None, PageEntry.Accessible);
            return;
        }

        MediumPage page = extent.At(entry.Pages.First);
        PageEntry state = entry.Read();
        if (!state.IsReal)
        {
            Swap(entry, entry.IsLarge ? EntryKind.Huge : EntryKind.Page, page, 0);
        }
        else
        {
            // Whoever moves a page takes its entry out first.
            Invariant.That(state.Page == page || _broken != DaxBrokenVariant.None);
        }

        ulong access = PageEntry.Accessible | (extent.IsNotDurable && _broken != DaxBrokenVariant.SyncWithoutMetadata ? 0 : PageEntry.Synced);
        if (!request.IsWrite)
        {
            _ = entry.Change(PageEntry.Accessible, 0);
        }
        else if (request.IsTracked)
        {
            // The hardware finds the stores; access by pins still has to ask.
            _ = entry.Change(PageEntry.Accessible, 0);
        }
        else if (_broken == DaxBrokenVariant.DirtyMarkSkipped)
        {
            _ = entry.Change(access | PageEntry.Writable, 0);
        }
        else
        {
            Layout.MarkModified();
            _tree.MarkDirty(entry, access | PageEntry.Writable);
        }
    }

    private static void Swap(EntryRef entry, EntryKind kind, MediumPage page, ulong flags)
    {
        PageEntry seen;
        do
        {
            seen = entry.Read();
            Invariant.That(seen.Pins == 0);
        }
        while (!entry.TrySwap(seen, seen.Showing(kind, page, flags)));
    }

    private static void MakeEmpty(EntryRef entry) => Swap(entry, EntryKind.Empty, MediumPage.None, 0);

    /// <summary>Takes the pin that was asked for, at a locked entry.</summary>
    private Errno Give(EntryRef entry, FaultRequest request, out PageEntry state)
    {
        bool isCounted = request.TakesPin && _broken != DaxBrokenVariant.PinNotCounted;
        while (true)
        {
            state = entry.Read();
            if (!isCounted || !state.IsReal)
            {
                break;
            }

            if (state.Pins == (int)PageEntry.PinMask)
            {
                return Errno.EOVERFLOW;
            }

            ulong pinned = (state.Bits + PageEntry.PinUnit) | (request.IsWrite && !request.IsTracked ? PageEntry.WritePinned : 0);
            if (entry.TrySwap(state, new PageEntry(pinned)))
            {
                break;
            }
        }

        if (request.IsWrite && !request.IsTracked && entry.IsLarge)
        {
            entry.Large.AddDirty(entry.Slot, request.Pages);
        }

        return Errno.Success;
    }
}

using System.Buffers;
using System.Runtime.CompilerServices;
using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Mappings;

/// <content>Pins. One of a present page is a lookup and a compare-and-swap, and another when it goes.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Holds a range in place and gives its bytes. Allocates nothing when it lies in one page (or 2 MiB page) that is there.</summary>
    /// <param name="offsetBytes">Where in the file.</param>
    /// <param name="lengthBytes">At least 1.</param>
    /// <param name="access">What for.</param>
    /// <param name="pin">To be disposed. Default on an error.</param>
    /// <returns>ENXIO: it begins, or ends, behind the end of the file. EINVAL, EROFS, ENOSPC, EDQUOT, EIO, EOPNOTSUPP; EBUSY: a shared page
    /// has to be copied and others have had it pinned for too long; EOVERFLOW: 65535 pins of one page.</returns>
    public Errno Pin(long offsetBytes, long lengthBytes, PinAccess access, out Pin pin)
    {
        if (offsetBytes >= 0 && lengthBytes > 0
            && _tree.TryFind(offsetBytes >> PageIndex.PageShift, out EntryRef entry, out PageEntry seen)
            && TryPinPresent(entry, seen, offsetBytes, lengthBytes, access, out byte* start, out PageEntry held))
        {
            pin = new Pin(this, held.IsNone ? default : entry, held, start, offsetBytes, lengthBytes, access);
            return Errno.Success;
        }

        return PinSlowly(offsetBytes, lengthBytes, access, out pin);
    }

    /// <summary>The same, with the pin as the result: it is made where the caller wants it, and not copied there.</summary>
    /// <param name="refusal">Told the error number when there is no pin.</param>
    public Pin Pin(long offsetBytes, long lengthBytes, PinAccess access, IPinRefusal refusal)
    {
        if (offsetBytes >= 0 && lengthBytes > 0
            && _tree.TryFind(offsetBytes >> PageIndex.PageShift, out EntryRef entry, out PageEntry seen)
            && TryPinPresent(entry, seen, offsetBytes, lengthBytes, access, out byte* start, out PageEntry held))
        {
            return new Pin(this, held.IsNone ? default : entry, held, start, offsetBytes, lengthBytes, access);
        }

        return PinSlowly(offsetBytes, lengthBytes, access, refusal);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Pin PinSlowly(long offsetBytes, long lengthBytes, PinAccess access, IPinRefusal refusal)
    {
        Errno errno = PinSlowly(offsetBytes, lengthBytes, access, out Pin pin);
        if (errno != Errno.Success)
        {
            refusal.Throw(errno);
        }

        return pin;
    }

    /// <summary>Pins an entry that is there and gives the access asked for.</summary>
    /// <param name="lengthBytes">All of it must lie in the entry.</param>
    /// <param name="held">The entry with the pin; none for zeros, which need none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPinPresent(
        EntryRef entry, PageEntry seen, long offsetBytes, long lengthBytes, PinAccess access, out byte* start, out PageEntry held)
    {
        held = default;
        ulong needed = NeededFor(access);
        int shift = PageIndex.PageShift + entry.Shift;
        long offsetInEntry = offsetBytes & ((1L << shift) - 1);
        start = null;
        if ((seen.Bits & needed) != needed || lengthBytes > (1L << shift) - offsetInEntry || (access & PinAccess.Direct) != 0)
        {
            return false;
        }

        if (!seen.IsReal)
        {
            start = ZeroMemory.Start + offsetInEntry;
            return seen.Kind == EntryKind.Zero;
        }

        // What makes it safe: whoever wants the page gone clears Accessible in the same word, so either this swap fails or they see the pin.
        PageEntry pinned = new((seen.Bits + PageEntry.PinUnit) | ((access & PinAccess.Write) != 0 ? PageEntry.WritePinned : 0));
        if (_broken != DaxBrokenVariant.PinNotCounted)
        {
            if (seen.Pins == (int)PageEntry.PinMask || !entry.TrySwap(seen, pinned))
            {
                return false;
            }

            held = pinned;
        }

        if ((access & PinAccess.Write) != 0 && entry.IsLarge)
        {
            entry.Large.AddDirty(entry.Slot, PageRange.OfBytes(offsetBytes, lengthBytes));
        }

        start = _medium.Start + seen.Page.OffsetBytes + offsetInEntry;
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Errno PinSlowly(long offsetBytes, long lengthBytes, PinAccess access, out Pin pin)
    {
        pin = default;
        Errno errno = CheckAccess(offsetBytes, lengthBytes, access);
        if (errno != Errno.Success)
        {
            return errno;
        }

        PageRange pages = PageRange.OfBytes(offsetBytes, lengthBytes);
        PinSegment[] segments = ArrayPool<PinSegment>.Shared.Rent((int)Math.Min(pages.PageCount, 16));
        int count = 0;
        long at = offsetBytes;
        long end = offsetBytes + lengthBytes;
        while (at < end)
        {
            errno = PinOne(pages, at, end, access, isTracked: false, out PinSegment segment);
            if (errno != Errno.Success)
            {
                break;
            }

            if (count == segments.Length)
            {
                segments = Grow(segments);
            }

            segments[count++] = segment;
            at += segment.LengthBytes;
        }

        Pin taken = count == 1 && errno == Errno.Success
            ? new Pin(this, segments[0].Entry, segments[0].Entry.Node is null ? default : segments[0].Entry.Read(), segments[0].Start, offsetBytes, lengthBytes, access)
            : count > 0 ? new Pin(this, segments, count, offsetBytes, at - offsetBytes, access) : default;
        if (count == 0 || (count == 1 && errno == Errno.Success))
        {
            ArrayPool<PinSegment>.Shared.Return(segments, clearArray: true);
        }

        if (errno != Errno.Success)
        {
            taken.Dispose();
            return errno;
        }

        pin = taken;
        return Errno.Success;
    }

    private static PinSegment[] Grow(PinSegment[] segments)
    {
        PinSegment[] larger = ArrayPool<PinSegment>.Shared.Rent(2 * segments.Length);
        segments.AsSpan().CopyTo(larger);
        ArrayPool<PinSegment>.Shared.Return(segments, clearArray: true);
        return larger;
    }

    /// <summary>Faults in and pins what one entry has of a range.</summary>
    private Errno PinOne(PageRange pages, long at, long end, PinAccess access, bool isTracked, out PinSegment segment)
    {
        segment = default;
        PageIndex page = PageIndex.OfOffset(at);
        if (!isTracked && _tree.TryFind(page.Value, out EntryRef present))
        {
            long presentEnd = Math.Min(end, present.Pages.End.OffsetBytes);
            if (TryPinPresent(present, present.Read(), at, presentEnd - at, access, out byte* start, out PageEntry held))
            {
                segment = new PinSegment { Entry = held.IsNone ? default : present, Start = start, LengthBytes = presentEnd - at };
                return Errno.Success;
            }
        }

        Errno errno = Fault(new FaultRequest(page, pages, access, TakesPin: true, isTracked), out EntryRef entry, out PageEntry state);
        if (errno != Errno.Success)
        {
            return errno;
        }

        long entryEnd = Math.Min(end, entry.Pages.End.OffsetBytes);
        long offsetInEntry = at - entry.Pages.OffsetBytes;
        segment = new PinSegment
        {
            Entry = state.IsReal && _broken != DaxBrokenVariant.PinNotCounted ? entry : default,
            Start = (state.IsReal ? _medium.Start + state.Page.OffsetBytes : ZeroMemory.Start) + offsetInEntry,
            LengthBytes = entryEnd - at,
        };
        return Errno.Success;
    }

    /// <inheritdoc cref="Unpin(EntryRef, PageEntry)"/>
    internal void Unpin(EntryRef entry) => Unpin(entry, entry.Read());

    /// <summary>Lets a pinned entry go. If it is not where it was pinned, it was moved, and its pins with it.</summary>
    /// <param name="seen">What the entry may still be: behind the swap that pinned it, loading it again would wait for that swap.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Unpin(EntryRef entry, PageEntry seen)
    {
        for (; ; seen = entry.Read())
        {
            ulong left = seen.Bits - PageEntry.PinUnit;
            if (seen.Pins <= 1)
            {
                if (seen.Pins == 0)
                {
                    entry = _tree.FindPinned(entry.Pages.First.Value);
                    continue;
                }

                left &= ~(PageEntry.WritePinned | PageEntry.Awaited);
            }

            if (entry.TrySwap(seen, new PageEntry(left)))
            {
                if (seen.Has(PageEntry.Awaited) && seen.Pins == 1)
                {
                    EntryWaits.WakeForPins(entry);
                }

                return;
            }
        }
    }

    /// <summary>Makes part of a pinned range durable: its own lines and the metadata that leads to them.</summary>
    internal Errno FlushPinned(in Pin pin, long offsetInPin, long lengthBytes)
    {
        try
        {
            for (long at = offsetInPin; at < offsetInPin + lengthBytes;)
            {
                long stretch = Math.Min(pin.StretchAt(at, out byte* start), offsetInPin + lengthBytes - at);
                if (!IsZeros(start))
                {
                    _medium.MarkStored(start - _medium.Start, stretch);
                    _counters.CountFlushed(stretch);
                }

                at += stretch;
            }

            _medium.Fence();
        }
        catch (MediumException failure)
        {
            return Failed(failure.Errno);
        }

        TellStored(pin.OffsetBytes + offsetInPin, lengthBytes);
        return Layout.MakeDurable(PageRange.OfBytes(pin.OffsetBytes + offsetInPin, lengthBytes));
    }

    private static bool IsZeros(byte* start) => start >= ZeroMemory.Start && start < ZeroMemory.Start + ZeroMemory.LengthBytes;
}

using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>Leases, and the pins that come with them.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Who keeps pages of a range from changing for long.</summary>
    public IReadOnlyList<LeaseHolder> FindHolders(PageRange pages) => Leases.Holders(pages);

    /// <summary>Keeps the layout of a range as it is.</summary>
    public Lease TakeLease(PageRange pages, LeaseOptions options)
    {
        // Inside, so that none appears under a layout change.
        Layout.Enter(LayoutAccess.Look);
        try
        {
            return Leases.Add(pages, options, view: null);
        }
        finally
        {
            Layout.Exit(LayoutAccess.Look);
        }
    }

    /// <summary>Holds a range in place for long.</summary>
    /// <param name="pin">To be disposed. Null on an error.</param>
    /// <returns>As <see cref="Pin(long, long, PinAccess, out Pins.Pin)"/>.</returns>
    public Errno PinLong(long offsetBytes, long lengthBytes, PinAccess access, LeaseOptions options, out LongPin? pin)
    {
        pin = null;
        Errno errno = CheckAccess(offsetBytes, lengthBytes, access);
        if (errno != Errno.Success)
        {
            return errno;
        }

        PageRange pages = PageRange.OfBytes(offsetBytes, lengthBytes);
        Lease lease = TakeLease(pages, options);
        List<PinSegment> segments = [];
        long end = offsetBytes + lengthBytes;
        for (long at = offsetBytes; at < end && errno == Errno.Success;)
        {
            errno = PinOne(pages, at, end, access, isTracked: false, out PinSegment segment);
            if (errno == Errno.Success)
            {
                segments.Add(segment);
                at += segment.LengthBytes;
            }
        }

        if (errno != Errno.Success)
        {
            UnpinAll([.. segments]);
            lease.Dispose();
            return errno;
        }

        pin = new LongPin(this, lease, [.. segments], offsetBytes, lengthBytes, access);
        return Errno.Success;
    }

    internal void UnpinAll(ReadOnlySpan<PinSegment> segments)
    {
        foreach (PinSegment segment in segments)
        {
            if (segment.Entry.Node is not null)
            {
                Unpin(segment.Entry);
            }
        }
    }
}

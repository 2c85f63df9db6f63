using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Views;

/// <content>Making stores durable.</content>
public sealed unsafe partial class View
{
    /// <summary>Stores are durable once <see cref="Persist"/> has written their lines back: see <see cref="MapFlags.Sync"/>.</summary>
    public bool IsSync { get; private set; }

    /// <summary>Makes everything durable that was stored to the view's range of the file before the call, through whatever.</summary>
    /// <returns>EIO, ENOSPC, EDQUOT: some of it, of this or an earlier call, could not be written. Told once.</returns>
    public Errno Flush() => Flush(0, LengthBytes);

    /// <summary>The same for a part of the view. Costs what was stored to, and a look at the page table of the part.</summary>
    public Errno Flush(long offsetInView, long lengthBytes)
    {
        _ = Address(offsetInView, lengthBytes);
        if (Kind == ViewKind.Private)
        {
            return Errno.Success;
        }

        // Two callers at once may both be told of the same failure: neither may take it from the other.
        ErrorCursor errors = _errors;
        Errno outcome = _space.Sync(PageRange.OfBytes(OffsetBytes + offsetInView, lengthBytes), ref errors);
        _errors = errors;
        _space.WaitUntilTold();
        return outcome;
    }

    /// <summary>Makes exactly these bytes durable, which the caller has stored. Nothing is looked up in the page table; the pages still count as
    /// stored to. In a view that is <see cref="IsSync"/> this is all that durability takes, and costs well under a microsecond.</summary>
    /// <returns>EIO: the medium failed. ENODATA: the part is detached, and its bytes are not the file's any more.</returns>
    public Errno Persist(long offsetInView, long lengthBytes)
    {
        _ = Address(offsetInView, lengthBytes);
        if (Kind != ViewKind.ReadWrite)
        {
            return Errno.Success;
        }

        long from = OffsetBytes + offsetInView;
        Errno outcome;
        try
        {
            outcome = _mapping.MarkStored(from, lengthBytes);
            _space.Layout.Medium.Fence();
        }
        catch (MediumException failure)
        {
            return failure.Errno;
        }

        _space.TellStored(from, lengthBytes);
        return outcome == Errno.Success && !IsSync ? _space.Layout.MakeDurable(PageRange.OfBytes(from, lengthBytes)) : outcome;
    }

    /// <summary>Switches how stores to a part of the view become durable, for all of the view's later life. Everything that is stored before is
    /// made durable first.</summary>
    /// <param name="offsetInView">Where the part begins.</param>
    /// <param name="lengthBytes">How long it is.</param>
    /// <param name="advice">Sync: as <see cref="MapFlags.Sync"/>. Direct: nothing changes, a view never copies. None: as it was made without flags.</param>
    /// <returns>EOPNOTSUPP: the medium has no synchronous stores. EINVAL: the view is not ReadWrite. EIO.</returns>
    public Errno Advise(long offsetInView, long lengthBytes, MappingAdvice advice)
    {
        _ = Address(offsetInView, lengthBytes);
        if (Kind != ViewKind.ReadWrite)
        {
            return Errno.EINVAL;
        }

        if (advice == MappingAdvice.Sync && !_space.CanSync)
        {
            return Errno.ENOTSUP;
        }

        // The blocks are there since the view was made and stay until it is detached: with their metadata durable once, every store to come
        // has what it needs.
        PageRange pages = PageRange.OfBytes(OffsetBytes + offsetInView, lengthBytes);
        Errno outcome = _space.Writeback(pages);
        if (outcome == Errno.Success && advice == MappingAdvice.Sync)
        {
            outcome = _space.Layout.MakeDurable(pages);
        }

        if (outcome == Errno.Success && lengthBytes == LengthBytes)
        {
            IsSync = advice == MappingAdvice.Sync;
        }

        return outcome;
    }

    /// <summary>Tells the kernel how the view will be used.</summary>
    public Errno Advise(AccessPattern pattern)
    {
        _ = Address(0, 0);
        return _mapping.Advise(pattern);
    }
}

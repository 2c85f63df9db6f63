using System.Buffers;
using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Sources;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>Page sources: holes that are filled by somebody when they are first accessed.</content>
public sealed unsafe partial class AddressSpace
{
    // A leaf: nothing is called with it held.
    private readonly object _sourceGate = new();
    private readonly HashSet<long> _filling = [];
    private SourceRegistration[] _sources = [];

    /// <summary>Has the holes of a range filled by a source: an access to a page without blocks calls it, and goes on with its bytes. They
    /// become the file's in one transaction.</summary>
    /// <remarks>A view is filled when it is made, all of it: no fault of the hardware can call a source. One that was made before shows zeros
    /// until something else has accessed the page.</remarks>
    /// <param name="pages">The range.</param>
    /// <param name="source">Called by whoever accesses the range.</param>
    /// <param name="isDurable">A page is durable before it can be accessed.</param>
    /// <returns>Ends the registration when disposed; a call under way goes on. It ends with the address space too: at the last close of the
    /// file.</returns>
    /// <exception cref="NotSupportedException">Sources are not allowed here.</exception>
    public IDisposable RegisterSource(PageRange pages, IPageSource source, bool isDurable = false)
    {
        if (!_options.AllowsSources)
        {
            throw new NotSupportedException("Page sources are a preview, and previews are refused.");
        }

        SourceRegistration registration = new(this, pages, source, isDurable);
        _mapping.EnterExclusive();
        try
        {
            lock (_sourceGate)
            {
                Volatile.Write(ref _sources, [.. _sources, registration]);
            }

            DropZerosLocked(pages);
        }
        finally
        {
            _mapping.ExitExclusive();
        }

        return registration;
    }

    /// <summary>There is a page source: whoever reads the file otherwise populates the range first.</summary>
    public bool HasSources => Volatile.Read(ref _sources).Length != 0;

    internal void RemoveSource(SourceRegistration registration)
    {
        lock (_sourceGate)
        {
            Volatile.Write(ref _sources, [.. _sources.Where(other => !ReferenceEquals(other, registration))]);
        }
    }

    /// <summary>Has sources fill what a view is about to show: its loads are the hardware's, and ask nobody later.</summary>
    private Errno FillFor(PageRange pages)
    {
        foreach (SourceRegistration registration in Volatile.Read(ref _sources))
        {
            PageRange wanted = registration.Pages.Intersect(pages);
            for (PageIndex page = wanted.First; page < wanted.End;)
            {
                Errno errno = Fault(new FaultRequest(page, wanted, PinAccess.Read, TakesPin: false), out EntryRef entry, out _);
                if (errno != Errno.Success)
                {
                    // The file may have been cut meanwhile.
                    return errno == Errno.ENXIO ? Errno.EAGAIN : errno;
                }

                page = entry.Pages.End;
            }
        }

        return Errno.Success;
    }

    private bool HasSourceIn(PageRange pages)
    {
        foreach (SourceRegistration registration in Volatile.Read(ref _sources))
        {
            if (registration.Pages.Overlaps(pages))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Fills a page, or waits for the one who does. The caller looks again after it.</summary>
    private Errno FillFromSource(PageIndex page)
    {
        lock (_sourceGate)
        {
            if (_filling.Contains(page.Value))
            {
                while (_filling.Contains(page.Value))
                {
                    Monitor.Wait(_sourceGate);
                }

                return Errno.Success;
            }

            _filling.Add(page.Value);
        }

        try
        {
            return FillAlone(page);
        }
        finally
        {
            lock (_sourceGate)
            {
                _filling.Remove(page.Value);
                Monitor.PulseAll(_sourceGate);
            }
        }
    }

    private Errno FillAlone(PageIndex page)
    {
        SourceRegistration? registration = Array.Find(Volatile.Read(ref _sources), source => source.Pages.Contains(page));
        if (registration is null || !IsAbsent(page))
        {
            return Errno.Success;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(PageIndex.PageBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, PageIndex.PageBytes);
            bytes.Clear();
            Errno errno = registration.Source.Fill(page.OffsetBytes, bytes);
            if (errno == Errno.Success)
            {
                errno = PublishPage(page, bytes);
            }

            if (errno == Errno.Success && registration.IsDurable)
            {
                errno = Layout.MakeDurable(new PageRange(page, 1));
            }

            return errno;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool IsAbsent(PageIndex page)
    {
        Layout.Enter(LayoutAccess.Look);
        try
        {
            return page < EndLocked && Layout.Find(page, 1, out LayoutExtent extent) == Errno.Success && extent.Kind == LayoutKind.Hole;
        }
        finally
        {
            Layout.Exit(LayoutAccess.Look);
        }
    }

    /// <summary>Makes bytes a page of the file, unless somebody else has given it some.</summary>
    private Errno PublishPage(PageIndex page, ReadOnlySpan<byte> bytes)
    {
        Layout.Enter(LayoutAccess.Change);
        try
        {
            _mapping.EnterExclusive();
            try
            {
                Errno errno = Layout.Find(page, 1, out LayoutExtent extent);
                if (errno != Errno.Success || extent.Kind != LayoutKind.Hole || page >= EndLocked)
                {
                    return errno;
                }

                errno = Layout.Fill(page, bytes);
                if (errno == Errno.Success)
                {
                    DropZerosLocked(new PageRange(page, 1));
                    ShowLayoutLocked(new PageRange(page, 1));
                    _counters.CountSourceFill();
                }

                return errno;
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
}

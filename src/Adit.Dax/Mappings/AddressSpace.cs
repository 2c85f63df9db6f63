using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Statistics;
using Adit.Dax.Testing;
using Adit.Interop.Locking;
using Adit.Media;

namespace Adit.Dax.Mappings;

/// <summary>The mapping of one file: which of its pages are mapped, to which pages of the medium, and in what state. All faults,
/// pins, write-backs and layout changes of the file go through it, whatever file system is below.</summary>
/// <remarks>
/// <para>Invariants. An entry shows the medium page that the layout gives for it, or zeros where the layout has no bytes. A page that
/// can be stored to without asking is dirty. An entry that is pinned is never taken out or made to show something else; a pin
/// of zeros needs none, because zeros stay. A chunk has a huge entry or page entries, never both.</para>
/// <para>Locks: layout (<see cref="IFileLayout.Enter"/>), then the mapping, then an entry, then the tree. Faults and write-backs
/// share the mapping; whoever changes the layout has it alone, and finds no entry locked. Nobody waits for a pin or a lease with a
/// lock held.</para>
/// <para>Failure: outcomes are errno values. A medium that fails under a write-back leaves what it was writing dirty, and every handle
/// is told once.</para>
/// Thread-safe. Made once for an inode in use; forgotten after <see cref="TryEvict"/> succeeded.
/// </remarks>
public sealed unsafe partial class AddressSpace
{
    private readonly AddressSpaceOptions _options;
    private readonly StoreWatch? _watch;
    private readonly DaxBrokenVariant _broken;
    private readonly Medium _medium;
    private readonly EntryTree _tree;
    private readonly RankedReaderWriterLock _mapping;
    private readonly RankedBit _entryBit;
    private readonly MappingCounters _counters = new();

    public AddressSpace(IFileLayout layout, AddressSpaceOptions? options = null)
    {
        _options = options ?? AddressSpaceOptions.Default;
        _broken = _options.Broken;
        _isFrozen = _options.StartsFrozen;
        _watch = _options.Watch;
        Layout = layout;
        _medium = layout.Medium;
        Interop.Invariant.That(_medium.LengthBytes >> PageIndex.PageShift <= PageEntry.MaxMediumPages);
        _tree = new EntryTree(_options.Number);
        _mapping = new RankedReaderWriterLock(LockRank.Mapping, _options.Number);
        _entryBit = new RankedBit(LockRank.Entry, _options.Number);
        _viewsLock = new RankedLock(LockRank.Views, _options.Number);
        Leases = new LeaseTable(NotifyReleased);
    }

    /// <summary>What the core asks where the file's bytes are.</summary>
    public IFileLayout Layout { get; }

    /// <summary>Nothing is mapped: there is nothing to write back, and no pin but of zeros.</summary>
    public bool IsEmpty => _tree.Count == 0;

    /// <summary>Flushing the lines that were stored to is all that durability takes here.</summary>
    public bool CanSync => _medium.HasCheapFences && !_medium.IsReadOnly && _medium.Kind != MediumKind.Memory;

    /// <summary>The first page that is wholly behind the end of the file. Read inside the layout.</summary>
    private PageIndex EndLocked => PageRange.OfBytes(0, Layout.SizeBytes).End;

    /// <summary>Reads the counters, and counts the pins there are.</summary>
    public MappingStatistics ReadStatistics()
    {
        long pins = 0;
        long page = 0;
        while (_tree.TryNext(EntryMark.Live, page, PageRange.All.End.Value, out EntryRef entry))
        {
            pins += entry.Read().Pins;
            page = entry.Pages.End.Value;
        }

        return _counters.Read(_tree.Count, pins);
    }

    /// <summary>Tells the watch that bytes were stored through a pin or view, and waits until they can be seen everywhere. No lock is held.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    internal void TellStored(long offsetBytes, long lengthBytes)
    {
        if (_watch is { IsActive: true } watch && lengthBytes > 0)
        {
            watch.Stored(_options.Number, offsetBytes, lengthBytes);
            watch.WaitUntilTold();
        }
    }

    /// <summary>Waits until what the watch was told can be seen everywhere. No lock is held.</summary>
    internal void WaitUntilTold() => _watch?.WaitUntilTold();

    private void Reach(DaxPoint point) => _options.OnPoint?.Invoke(point);
}

using Adit.Dax.Entries;

namespace Adit.Dax.Statistics;

/// <summary>The counters behind <see cref="MappingStatistics"/>. Not counted: a pin of a page that is present.</summary>
internal sealed class MappingCounters
{
    private long _pageReadFaults;
    private long _pageWriteFaults;
    private long _hugeReadFaults;
    private long _hugeWriteFaults;
    private long _hugeFallbacks;
    private long _giantReadFaults;
    private long _giantWriteFaults;
    private long _giantFallbacks;
    private long _flushedBytes;
    private long _writebacks;
    private long _entryWaits;
    private long _pinWaits;
    private long _layoutBreaks;
    private long _sourceFills;
    private long _detachments;

    public void CountFault(EntrySize size, bool isWrite)
    {
        ref long counter = ref _pageReadFaults;
        if (size == EntrySize.Giant)
        {
            counter = ref isWrite ? ref _giantWriteFaults : ref _giantReadFaults;
        }
        else if (size == EntrySize.Huge)
        {
            counter = ref isWrite ? ref _hugeWriteFaults : ref _hugeReadFaults;
        }
        else if (isWrite)
        {
            counter = ref _pageWriteFaults;
        }

        Interlocked.Increment(ref counter);
    }

    /// <summary>Counts a fault under each size that it could have had and had not.</summary>
    public void CountFallback(EntrySize hoped, EntrySize had)
    {
        if (hoped == EntrySize.Giant)
        {
            Interlocked.Increment(ref _giantFallbacks);
        }

        if (had == EntrySize.Page)
        {
            Interlocked.Increment(ref _hugeFallbacks);
        }
    }

    public void CountFlushed(long bytes) => Interlocked.Add(ref _flushedBytes, bytes);

    public void CountWriteback() => Interlocked.Increment(ref _writebacks);

    public void CountEntryWait() => Interlocked.Increment(ref _entryWaits);

    public void CountPinWait() => Interlocked.Increment(ref _pinWaits);

    public void CountLayoutBreak() => Interlocked.Increment(ref _layoutBreaks);

    public void CountSourceFill() => Interlocked.Increment(ref _sourceFills);

    public void CountDetachment() => Interlocked.Increment(ref _detachments);

    public MappingStatistics Read(long entries, long pins) => new()
    {
        PageReadFaults = Interlocked.Read(ref _pageReadFaults),
        PageWriteFaults = Interlocked.Read(ref _pageWriteFaults),
        HugeReadFaults = Interlocked.Read(ref _hugeReadFaults),
        HugeWriteFaults = Interlocked.Read(ref _hugeWriteFaults),
        HugeFallbacks = Interlocked.Read(ref _hugeFallbacks),
        GiantReadFaults = Interlocked.Read(ref _giantReadFaults),
        GiantWriteFaults = Interlocked.Read(ref _giantWriteFaults),
        GiantFallbacks = Interlocked.Read(ref _giantFallbacks),
        FlushedBytes = Interlocked.Read(ref _flushedBytes),
        Writebacks = Interlocked.Read(ref _writebacks),
        EntryWaits = Interlocked.Read(ref _entryWaits),
        PinWaits = Interlocked.Read(ref _pinWaits),
        LayoutBreaks = Interlocked.Read(ref _layoutBreaks),
        SourceFills = Interlocked.Read(ref _sourceFills),
        Detachments = Interlocked.Read(ref _detachments),
        Entries = entries,
        Pins = pins,
    };
}

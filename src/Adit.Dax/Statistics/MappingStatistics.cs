namespace Adit.Dax.Statistics;

/// <summary>What has happened in one address space since it was made. Exact; read without a lock, so the numbers of one instance may be
/// from slightly different instants.</summary>
public readonly record struct MappingStatistics
{
    /// <summary>Faults that ended with a page entry for reading.</summary>
    public long PageReadFaults { get; init; }

    /// <summary>Faults that ended with a page entry for writing.</summary>
    public long PageWriteFaults { get; init; }

    /// <summary>Faults that ended with a huge entry for reading.</summary>
    public long HugeReadFaults { get; init; }

    /// <summary>Faults that ended with a huge entry for writing.</summary>
    public long HugeWriteFaults { get; init; }

    /// <summary>Faults that could have been huge by their place in the file and were not by the layout.</summary>
    public long HugeFallbacks { get; init; }

    /// <summary>Faults that ended with an entry of 1 GiB for reading: only on a medium that is mapped by 1 GiB.</summary>
    public long GiantReadFaults { get; init; }

    /// <summary>Faults that ended with an entry of 1 GiB for writing.</summary>
    public long GiantWriteFaults { get; init; }

    /// <summary>Faults that could have been of 1 GiB by their place and the medium and were not by the layout.</summary>
    public long GiantFallbacks { get; init; }

    /// <summary>Bytes handed to the medium to be written back.</summary>
    public long FlushedBytes { get; init; }

    /// <summary>Write-backs that found something to do.</summary>
    public long Writebacks { get; init; }

    /// <summary>Times that a thread slept for an entry's lock.</summary>
    public long EntryWaits { get; init; }

    /// <summary>Times that a thread slept for pins or leases.</summary>
    public long PinWaits { get; init; }

    /// <summary>Layout changes that have had a range to themselves.</summary>
    public long LayoutBreaks { get; init; }

    /// <summary>Pages that a page source has filled.</summary>
    public long SourceFills { get; init; }

    /// <summary>Views that were detached.</summary>
    public long Detachments { get; init; }

    /// <summary>Entries there are now, of any size.</summary>
    public long Entries { get; init; }

    /// <summary>Pins of entries there are now (pins of zeros are not counted).</summary>
    public long Pins { get; init; }
}

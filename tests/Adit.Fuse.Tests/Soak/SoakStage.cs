using Adit.Dax.Statistics;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;

namespace Adit.Fuse.Tests.Soak;

/// <summary>The files that a soak is about, what is known of them, and what has happened.</summary>
/// <remarks>Each page of a model file belongs to one writer, who alone changes it and knows its version. Pages of the other files may be changed by
/// anybody, so of them only the owner is known.</remarks>
internal sealed class SoakStage : IDisposable
{
    public const int Page = StampedPage.Bytes;

    /// <summary>Two model files of 4 MiB, of one that is cut, one that is mapped for storing, and one whose pages are moved.</summary>
    public const int ModelFiles = 2;
    public const int ModelPages = 1024;
    public const int CutFile = 100;
    public const int CutPages = 1200;
    public const int ViewFile = 101;
    public const int ViewPages = 600;
    public const int MovedFile = 102;
    public const int MovedPages = 24;

    private readonly MemoryMedium _medium = MemoryMedium.CreateShared(256 << 20);
    private readonly Dictionary<string, long> _counts = [];

    public SoakStage()
    {
        Volume.Format(_medium, new FormatOptions { Label = "soak" });
        Volume = Open();
        Volume.CreateDirectory("/m");
        Volume.CreateDirectory("/e");
        Model = [.. Enumerable.Range(0, ModelFiles).Select(file => Make($"/model{file}", ModelPages))];
        Cut = Make("/cut", CutPages);
        Viewed = Make("/viewed", ViewPages);
        Moved = Make("/moved", MovedPages);
        Versions = [.. Model.Select(_ => new uint[ModelPages])];
    }

    public Volume Volume { get; }

    public AditFile[] Model { get; }

    public AditFile Cut { get; }

    public AditFile Viewed { get; }

    public AditFile Moved { get; }

    /// <summary>What each page of the model files holds. Used by its writer.</summary>
    public uint[][] Versions { get; }

    /// <summary>What the pages of <see cref="Moved"/> hold, in order. Used by the one who moves them.</summary>
    public List<uint> Order { get; } = [.. new uint[MovedPages]];

    public IEnumerable<AditFile> All => [.. Model, Cut, Viewed, Moved];

    public Volume Open() => Volume.Open(_medium, new VolumeOptions
    {
        LeaveMediumOpen = true,
        LeaseTime = TimeSpan.FromMilliseconds(5),
        InodeCacheCount = 16,
    });

    public void Count(string what, long times = 1)
    {
        lock (_counts)
        {
            _counts[what] = _counts.GetValueOrDefault(what) + times;
        }
    }

    /// <summary>Does something that others may be in the way of.</summary>
    /// <param name="isCut">Others cut the file: what is asked for may not be there.</param>
    /// <returns>False if they were: it is counted, and nothing has changed.</returns>
    public bool TryDo(string what, Action action, bool isCut = true)
    {
        try
        {
            action();
            Count(what);
            return true;
        }
        catch (AditException refusal) when (refusal.Errno is Errno.EBUSY || (isCut && refusal.Errno is Errno.ENXIO or Errno.ENOTSUP or Errno.EINVAL))
        {
            Count($"{what}: {refusal.Errno}");
            return false;
        }
        catch (OperationCanceledException)
        {
            Count("cancelled");
            return false;
        }
    }

    /// <summary>What happened, with the counters of the mappings.</summary>
    public SortedDictionary<string, long> ReadCounts()
    {
        SortedDictionary<string, long> counts;
        lock (_counts)
        {
            counts = new(_counts);
        }

        foreach (AditFile file in All)
        {
            MappingStatistics statistics = file.Mapping.ReadStatistics();
            Add("layout breaks", statistics.LayoutBreaks);
            Add("waits for pins", statistics.PinWaits);
            Add("waits for entries", statistics.EntryWaits);
            Add("write-backs", statistics.Writebacks);
            Add("detachments", statistics.Detachments);
            Add("huge faults", statistics.HugeReadFaults + statistics.HugeWriteFaults);
            Add("page faults", statistics.PageReadFaults + statistics.PageWriteFaults);
            Add("pins left", statistics.Pins);
        }

        return counts;

        void Add(string what, long times) => counts[what] = counts.GetValueOrDefault(what) + times;
    }

    public void Dispose()
    {
        Volume.Dispose();
        _medium.Dispose();
    }

    private AditFile Make(string path, int pages)
    {
        AditFile file = Volume.OpenFile(path, FileMode.Create);
        file.Write(0, new byte[pages * Page]);
        return file;
    }
}

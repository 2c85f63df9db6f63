using System.Diagnostics;

namespace Adit.Cli.Bench.Cases;

/// <summary>The memory that the mapping of a sparse file of 1 TiB takes when pages here and there are accessed through pins, beside the 16 bytes for each
/// that it may take. The time is that of the first access to a page.</summary>
internal sealed class SparseTouchCase : BenchCase
{
    private const long FileBytes = 1L << 40;
    private const int PageBytes = 4096;
    private const double MostBytes = 16;

    public override string Name => "sparse-touch";

    public override string Baseline => "16-bytes-a-page";

    public override double Goal => 1.0;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        var pageCount = isQuick ? 20_000 : 100_000;
        using var volume = folder.CreateVolume(Name, (512L << 20) + (pageCount * (PageBytes + 1024L)));
        var offsets = MakeFile(volume, pageCount);
        var (ns, entries, with) = Touch(volume, offsets);
        var bytes = (with - MemoryInUse()) / (double)pageCount;
        return Result(
            ns, null, bytes / MostBytes, detail: FormattableString.Invariant($"{bytes:0.00} bytes for each of {entries} pages of 1 TiB"));
    }

    /// <summary>Touches the pages. What is in use less when the file is closed again is what its mapping took.</summary>
    private static (double NsPerPage, long Entries, long BytesInUse) Touch(Volume volume, long[] offsets)
    {
        using var file = volume.OpenFile("/sparse", FileMode.Open, FileAccess.Read);
        var sum = 0L;
        var started = Stopwatch.GetTimestamp();
        foreach (var offset in offsets)
        {
            using var pin = file.Pin(offset, sizeof(long));
            sum += pin.Ref<long>();
        }

        var ns = Stopwatch.GetElapsedTime(started).TotalNanoseconds / offsets.Length;
        GC.KeepAlive(sum);
        return (ns, file.Mapping.ReadStatistics().Entries, MemoryInUse());
    }

    private static long MemoryInUse()
    {
        _ = GC.GetTotalMemory(forceFullCollection: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static long[] MakeFile(Volume volume, int pageCount)
    {
        var random = new Random(3);
        var pages = new HashSet<long>(pageCount);
        while (pages.Count < pageCount)
        {
            pages.Add(random.NextInt64(FileBytes / PageBytes));
        }

        using var file = volume.OpenFile("/sparse", FileMode.Create, FileAccess.ReadWrite);
        file.SetLength(FileBytes);
        var offsets = new long[pageCount];
        var count = 0;
        foreach (var page in pages)
        {
            offsets[count] = page * PageBytes;
            file.Write(offsets[count++], BitConverter.GetBytes(page));
        }

        random.Shuffle(offsets);
        return offsets;
    }
}

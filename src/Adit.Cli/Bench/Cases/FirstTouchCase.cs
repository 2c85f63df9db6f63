using System.Diagnostics;
using Adit.Dax.Views;
using Adit.Nodes;

namespace Adit.Cli.Bench.Cases;

/// <summary>The first access to each page of a file that was just opened, through pins: of a file in whole aligned chunks, which takes huge entries, beside
/// one of as many bytes that lies one page out of phase, which takes an entry for each page. The detail has the same through views, where the
/// page table is filled by the hardware's faults.</summary>
internal sealed class FirstTouchCase : BenchCase
{
    private const int PageBytes = 4096;
    private const long FileBytes = 64L << 20;

    public override string Name => "first-touch-huge";

    public override string Baseline => "first-touch-4k";

    public override double Goal => 1.0;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        var rounds = isQuick ? 7 : 21;
        using var volume = folder.CreateVolume(Name, 320L << 20);
        WriteFile(volume, "/aligned", shiftBytes: 0);
        WriteFile(volume, "/shifted", shiftBytes: PageBytes);
        using var aligned = new FirstTouches(volume, "/aligned");
        using var shifted = new FirstTouches(volume, "/shifted");
        var pins = InterleavedRounds.Run(aligned, shifted, (int)(FileBytes / PageBytes) - 1, rounds);
        var (hugeNs, hugeBytes) = ThroughView(volume, "/aligned", rounds);
        var (pagesNs, _) = ThroughView(volume, "/shifted", rounds);
        return Result(pins, FormattableString.Invariant(
            $"entries {aligned.Entries} and {shifted.Entries}; through views {hugeNs:0} ns a page with {hugeBytes >> 20} MiB in huge pages, and {pagesNs:0} ns"));
    }

    private static void WriteFile(Volume volume, string path, int shiftBytes)
    {
        using var file = volume.OpenFile(path, FileMode.Create, FileAccess.ReadWrite);
        file.Write(0, new byte[FileBytes]);
        if (shiftBytes != 0)
        {
            file.Allocate(0, shiftBytes, AllocateMode.InsertRange);
        }
    }

    private static (double NsPerPage, long HugeBytes) ThroughView(Volume volume, string path, int rounds)
    {
        var times = new double[rounds];
        var hugeBytes = 0L;
        using var file = volume.OpenFile(path, FileMode.Open, FileAccess.Read);
        for (var round = 0; round < rounds; round++)
        {
            using var view = file.Map(0, FileBytes, new ViewOptions());
            var sum = 0L;
            var started = Stopwatch.GetTimestamp();
            for (long offset = 0; offset < FileBytes; offset += PageBytes)
            {
                sum += view.Ref<long>(offset);
            }

            times[round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / (FileBytes / PageBytes);
            hugeBytes = view.ReadStatus().HugeBytes ?? 0;
            GC.KeepAlive(sum);
        }

        return (InterleavedRounds.Median(times), hugeBytes);
    }

    /// <summary>Each round opens the file anew: the last close has forgotten its mapping.</summary>
    private sealed class FirstTouches(Volume volume, string path) : BenchBody, IDisposable
    {
        private AditFile? _file;

        public long Entries { get; private set; }

        public override void Prepare()
        {
            _file?.Dispose();
            _file = volume.OpenFile(path, FileMode.Open, FileAccess.Read);
            _ = _file.Mapping;
        }

        public override void Run(int operations)
        {
            for (var page = 0; page < operations; page++)
            {
                using var pin = _file!.Pin((page + 1L) * PageBytes, sizeof(long));
                _ = pin.Ref<long>();
            }

            Entries = _file!.Mapping.ReadStatistics().Entries;
        }

        public void Dispose() => _file?.Dispose();
    }
}

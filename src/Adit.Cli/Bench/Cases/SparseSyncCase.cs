using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using Adit.Dax.Pins;
using Adit.Dax.Views;

namespace Adit.Cli.Bench.Cases;

/// <summary>A sync after one page was stored to through a pin, of a file of 1 GiB that is mapped from end to end, beside the same of one of
/// 4 MiB: a sync costs what is dirty, not what is mapped. The stores go round as many pages of both, so that the caches hold as much of
/// either; those of the large file lie all over it. The detail has the same through a view, and on a file of tmpfs with the
/// runtime's memory-mapped files.</summary>
internal sealed class SparseSyncCase : BenchCase
{
    private const long LargeBytes = 1L << 30;
    private const long SmallBytes = 4L << 20;
    private const int Operations = 200;

    /// <summary>Pages that are stored to: all of the small file, of the large one a page in 1 MiB.</summary>
    private const int PageCount = (int)(SmallBytes / 4096);

    public override string Name => "fsync-sparse-dirty";

    public override string Baseline => "fsync-4m";

    public override double Goal => 1.2;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        var rounds = isQuick ? 15 : 41;
        using var volume = folder.CreateVolume(Name, LargeBytes + (192L << 20));
        using var large = MakeFile(volume, "/large", LargeBytes);
        using var small = MakeFile(volume, "/small", SmallBytes);
        var pins = InterleavedRounds.Run(new PinnedStores(large), new PinnedStores(small), Operations, rounds);
        var views = WithViews(large, small, rounds);
        var host = WithMappedFile(folder, rounds);
        return Result(pins, FormattableString.Invariant(
            $"through views {views.Ns / 1000:0.0} us, of 4 MiB {views.BaselineNs / 1000:0.0} us; MemoryMappedFile of 1 GiB {host / 1000:0.0} us"));
    }

    /// <summary>A file whose every page has been accessed.</summary>
    private static AditFile MakeFile(Volume volume, string path, long lengthBytes)
    {
        var file = volume.OpenFile(path, FileMode.Create, FileAccess.ReadWrite);
        var piece = new byte[2 << 20];
        for (long offset = 0; offset < lengthBytes; offset += piece.Length)
        {
            file.Write(offset, piece);
            using var pin = file.Pin(offset, piece.Length);
        }

        return file;
    }

    private static Measurement WithViews(AditFile large, AditFile small, int rounds)
    {
        var options = new ViewOptions { Kind = ViewKind.ReadWrite, Flags = MapFlags.Populate };
        using var largeView = large.Map(0, LargeBytes, options);
        using var smallView = small.Map(0, SmallBytes, options);
        return InterleavedRounds.Run(new ViewStores(largeView), new ViewStores(smallView), operations: 5, rounds / 3);
    }

    private static double WithMappedFile(BenchFolder folder, int rounds)
    {
        var path = Path.Combine(folder.Path, "mapped");
        using var mapped = MemoryMappedFile.CreateFromFile(path, FileMode.CreateNew, null, LargeBytes);
        try
        {
            using var accessor = mapped.CreateViewAccessor();
            for (long offset = 0; offset < LargeBytes; offset += 4096)
            {
                accessor.Write(offset, offset);
            }

            var times = new double[rounds / 3];
            for (var round = 0; round < times.Length; round++)
            {
                var started = Stopwatch.GetTimestamp();
                accessor.Write(round * 4096L, 1L);
                accessor.Flush();
                times[round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds;
            }

            return InterleavedRounds.Median(times);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Goes round the pages in an order that is not the file's. Neighbours among those of a large file have different places in
    /// the caches, as in a small one.</summary>
    private struct Round(long lengthBytes)
    {
        private readonly long _filePages = lengthBytes / 4096;
        private readonly long _stride = (lengthBytes / 4096 / PageCount) | 1;
        private int _turn;

        public long NextOffsetBytes()
        {
            _turn = (_turn + 389) % PageCount;
            return _turn * _stride % _filePages * 4096;
        }
    }

    private sealed class PinnedStores(AditFile file) : BenchBody
    {
        private Round _round = new(file.Length);

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                using (var pin = file.Pin(_round.NextOffsetBytes(), sizeof(long), PinAccess.Write))
                {
                    pin.WritableRef<long>()++;
                }

                file.Flush(dataOnly: true);
            }
        }
    }

    private sealed class ViewStores(View view) : BenchBody
    {
        private Round _round = new(view.LengthBytes);

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                view.WritableRef<long>(_round.NextOffsetBytes())++;
                view.Flush();
            }
        }
    }
}

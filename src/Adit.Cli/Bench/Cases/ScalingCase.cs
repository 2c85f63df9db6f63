using System.Diagnostics;

namespace Adit.Cli.Bench.Cases;

/// <summary>Two threads that read, or overwrite, a file each, beside one thread: how much more they do together.</summary>
internal sealed class ScalingCase : BenchCase
{
    private const long FileBytes = 64L << 20;
    private const int Threads = 2;

    public override string Name => "scale-2-threads";

    public override string Baseline => "one-thread";

    public override double Goal => 1.7;

    public override bool MoreIsBetter => true;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var volume = folder.CreateVolume(Name, 512L << 20);
        var files = Enumerable.Range(0, Threads).Select(index => new FilledFile(volume, $"/file{index}", FileBytes)).ToArray();
        try
        {
            var rounds = isQuick ? 9 : 31;
            var reads = Measure(files, isWrite: false, rounds);
            var overwrites = Measure(files, isWrite: true, rounds);
            var worse = reads.Ratio < overwrites.Ratio ? reads : overwrites;
            return Result(
                worse.TwoNs, worse.OneNs, worse.Ratio,
                detail: FormattableString.Invariant($"reads {reads.Ratio:0.00}, overwrites {overwrites.Ratio:0.00}"));
        }
        finally
        {
            foreach (var file in files)
            {
                file.File.Dispose();
            }
        }
    }

    /// <summary>Nanoseconds for one operation, and how much more two threads do in the same time.</summary>
    private static (double TwoNs, double OneNs, double Ratio) Measure(FilledFile[] files, bool isWrite, int rounds)
    {
        var one = new double[rounds];
        var two = new double[rounds];
        for (var round = -2; round < rounds; round++)
        {
            var oneNs = Time(files.AsSpan(0, 1), isWrite);
            var twoNs = Time(files, isWrite);
            if (round >= 0)
            {
                one[round] = oneNs;
                two[round] = twoNs;
            }
        }

        var oneMedian = InterleavedRounds.Median(one);
        var twoMedian = InterleavedRounds.Median(two);
        return (twoMedian, oneMedian, oneMedian / twoMedian);
    }

    /// <summary>Runs a thread for each file; nanoseconds until all were done, divided by all operations.</summary>
    private static double Time(ReadOnlySpan<FilledFile> files, bool isWrite)
    {
        const int Operations = 40_000;
        using var gate = new Barrier(files.Length + 1);
        var threads = new List<Thread>();
        foreach (var file in files)
        {
            var thread = new Thread(() =>
            {
                gate.SignalAndWait();
                Work(file, isWrite, Operations);
            });
            thread.Start();
            threads.Add(thread);
        }

        gate.SignalAndWait();
        var start = Stopwatch.GetTimestamp();
        threads.ForEach(thread => thread.Join());
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / ((double)Operations * files.Length);
    }

    private static void Work(FilledFile filled, bool isWrite, int operations)
    {
        var buffer = new byte[FilledFile.BlockBytes];
        var order = filled.Order;
        for (var count = 0; count < operations; count++)
        {
            var offset = (long)order[count & (order.Length - 1)] * FilledFile.BlockBytes;
            if (isWrite)
            {
                filled.File.Write(offset, buffer);
            }
            else
            {
                filled.File.Read(offset, buffer);
            }
        }
    }
}

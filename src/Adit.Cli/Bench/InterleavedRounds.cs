using System.Diagnostics;
using System.Runtime;

namespace Adit.Cli.Bench;

/// <summary>Times a case beside its baseline: a short round of one, a short round of the other, many times over, so that
/// whatever else the machine does hits both. Medians of the rounds count.</summary>
internal static class InterleavedRounds
{
    /// <summary>Hot methods are compiled three times: as they are, with counters, and with what was counted. Each takes a while.</summary>
    private const int WarmUpRounds = 20;

    /// <summary>The warm-up is over when so many rounds in a row have compiled nothing, but takes no more than a number of rounds.</summary>
    private const int QuietRounds = 4;

    private const int MaxWarmUpRounds = 120;

    /// <param name="body">The case.</param>
    /// <param name="baseline">What it is compared with.</param>
    /// <param name="operations">How many in a round.</param>
    /// <param name="rounds">How many rounds of each.</param>
    public static Measurement Run(BenchBody body, BenchBody baseline, int operations, int rounds)
    {
        WarmUp(body, baseline, operations);

        var times = new double[rounds];
        var baselineTimes = new double[rounds];
        long allocated = 0;
        for (var round = 0; round < rounds; round++)
        {
            // Each goes first every other time: what one leaves in the cache is then no advantage to the other.
            if (round % 2 == 0)
            {
                times[round] = Time(body, operations, ref allocated);
                baselineTimes[round] = Time(baseline, operations);
            }
            else
            {
                baselineTimes[round] = Time(baseline, operations);
                times[round] = Time(body, operations, ref allocated);
            }
        }

        return new Measurement(Median(times), Median(baselineTimes), (double)allocated / ((long)rounds * operations));
    }

    /// <summary>Runs both until the runtime, which compiles hot methods again in the background, has said its last word. On a busy machine that
    /// takes longer.</summary>
    private static void WarmUp(BenchBody body, BenchBody baseline, int operations)
    {
        var compiled = JitInfo.GetCompiledMethodCount();
        var quiet = 0;
        for (var round = 0; round < MaxWarmUpRounds && (round < WarmUpRounds || quiet < QuietRounds); round++)
        {
            Time(body, operations);
            Time(baseline, operations);
            Thread.Sleep(110);
            var now = JitInfo.GetCompiledMethodCount();
            quiet = now == compiled ? quiet + 1 : 0;
            compiled = now;
        }
    }

    public static double Median(double[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private static double Time(BenchBody body, int operations)
    {
        long ignored = 0;
        return Time(body, operations, ref ignored);
    }

    private static double Time(BenchBody body, int operations, ref long allocated)
    {
        body.Prepare();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        body.Run(operations);
        var ticks = Stopwatch.GetTimestamp() - start;
        allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        return ticks * (1e9 / Stopwatch.Frequency) / operations;
    }
}

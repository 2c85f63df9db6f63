using System.Diagnostics;

namespace Adit.Cli.Bench.Mounts;

/// <summary>Visits each file system once a round, a few milliseconds long, so that whatever else the machine does hits all of them.</summary>
internal static class MountRounds
{
    private const int WarmUpRounds = 8;

    /// <summary>Median nanoseconds of an operation on each.</summary>
    public static double[] Run(IReadOnlyList<MountBody> bodies, int operations, int rounds)
    {
        var times = bodies.Select(_ => new double[rounds]).ToArray();
        for (var round = -WarmUpRounds; round < rounds; round++)
        {
            for (var turn = 0; turn < bodies.Count; turn++)
            {
                var which = (turn + round + WarmUpRounds) % bodies.Count;
                var started = Stopwatch.GetTimestamp();
                bodies[which].Run(operations);
                if (round >= 0)
                {
                    times[which][round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / operations;
                }
            }
        }

        return [.. times.Select(InterleavedRounds.Median)];
    }
}

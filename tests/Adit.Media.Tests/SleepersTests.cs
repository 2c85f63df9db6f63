using System.Diagnostics;
using Adit.Interop.Locking;

namespace Adit.Media.Tests;

/// <summary>The store-buffer litmus test: of one who leaves a lock and one who goes to sleep at the same moment, at least one sees the
/// other.</summary>
public sealed class SleepersTests
{
    private const int Rounds = 200;

    /// <summary>Fewer only where others keep the processors busy: two who wait for a turn each round get through few.</summary>
    private const int Repetitions = 150;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private Sleepers _sleepers;
    private int _plainCount;
    private int _state;
    private int _leaverRound;
    private int _sleeperRound;

    [Fact]
    public void Leaver_and_sleeper_never_miss_each_other()
    {
        long started = Stopwatch.GetTimestamp();
        for (int done = 0; done < Repetitions && Stopwatch.GetElapsedTime(started) < Patience; done++)
        {
            Assert.Equal(0, CountMisses(Rounds, isFenced: true));
        }
    }

    /// <summary>The control: without the fence both are seen to look past each other.</summary>
    [Fact]
    public void Without_the_fence_they_are_seen_to_miss_each_other()
    {
        int misses = 0;
        long started = Stopwatch.GetTimestamp();
        while (misses == 0 && Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1))
        {
            misses = CountMisses(Rounds, isFenced: false);
        }

        Assert.NotEqual(0, misses);
    }

    private int CountMisses(int rounds, bool isFenced)
    {
        bool[] leaverSaw = new bool[rounds];
        bool[] sleeperSaw = new bool[rounds];
        _leaverRound = _sleeperRound = -1;
        Crowd.Run(2, id =>
        {
            for (int round = 0; round < rounds; round++)
            {
                if (id == 0)
                {
                    Volatile.Write(ref _state, 1);
                    Meet(ref _leaverRound, ref _sleeperRound, round);
                    Volatile.Write(ref _state, 0);
                    leaverSaw[round] = isFenced ? _sleepers.Any : Volatile.Read(ref _plainCount) != 0;
                }
                else
                {
                    Meet(ref _sleeperRound, ref _leaverRound, round);
                    if (isFenced)
                    {
                        _sleepers.Add();
                    }
                    else
                    {
                        Volatile.Write(ref _plainCount, 1);
                    }

                    sleeperSaw[round] = Volatile.Read(ref _state) == 0;
                }

                MeetAgain(id, round);
                if (id == 1)
                {
                    if (isFenced)
                    {
                        _sleepers.Remove();
                    }

                    Volatile.Write(ref _plainCount, 0);
                }
            }
        });

        return Enumerable.Range(0, rounds).Count(round => !leaverSaw[round] && !sleeperSaw[round]);
    }

    private void MeetAgain(int id, int round)
    {
        if (id == 0)
        {
            Meet(ref _leaverRound, ref _sleeperRound, round, isSecond: true);
        }
        else
        {
            Meet(ref _sleeperRound, ref _leaverRound, round, isSecond: true);
        }
    }

    /// <summary>Both threads leave here within a few cycles of each other.</summary>
    private static void Meet(ref int mine, ref int others, int round, bool isSecond = false)
    {
        int step = (2 * round) + (isSecond ? 1 : 0);
        Interlocked.Exchange(ref mine, step);
        SpinWait spin = default;
        for (int i = 0; Volatile.Read(ref others) < step; i++)
        {
            if (i > 2000)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }
}

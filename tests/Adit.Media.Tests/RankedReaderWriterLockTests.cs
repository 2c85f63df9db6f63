using System.Diagnostics;
using Adit.Interop.Locking;
using Xunit.Abstractions;

namespace Adit.Media.Tests;

public sealed class RankedReaderWriterLockTests(ITestOutputHelper output)
{
    public static TheoryData<LockRank> Forms => new() { LockRank.Tree, LockRank.Inode };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Readers_share_and_writers_exclude(LockRank rank)
    {
        RankedReaderWriterLock tested = new(rank);
        tested.EnterShared();
        Assert.True(OnAnotherThread(() => Entered(tested.TryEnterShared(), tested.ExitShared)));
        Assert.False(OnAnotherThread(() => Entered(tested.TryEnterExclusive(), tested.ExitExclusive)));
        tested.ExitShared();
        tested.EnterExclusive();
        Assert.False(OnAnotherThread(() => Entered(tested.TryEnterShared(), tested.ExitShared)));
        Assert.False(OnAnotherThread(() => Entered(tested.TryEnterExclusive(), tested.ExitExclusive)));
        tested.ExitExclusive();
        Assert.True(OnAnotherThread(() => Entered(tested.TryEnterExclusive(), tested.ExitExclusive)));
    }

    /// <summary>Writers keep two numbers equal; readers must never see them differ. Threads of every kind stop and go
    /// at random, so that each way of waiting is used; a lost wake-up ends in the timeout.</summary>
    [Theory]
    [InlineData(LockRank.Tree, 2, 2, 1)]
    [InlineData(LockRank.Tree, 6, 1, 2)]
    [InlineData(LockRank.Tree, 1, 6, 3)]
    [InlineData(LockRank.Inode, 3, 3, 4)]
    [InlineData(LockRank.Inode, 0, 4, 5)]
    public void Readers_and_writers_in_a_crowd_see_consistent_state_and_none_sleeps_on(LockRank rank, int readers, int writers, int seed)
    {
        RankedReaderWriterLock tested = new(rank);
        int rounds = LockChecker.IsOn ? 6_000 : 15_000;
        long first = 0;
        long second = 0;
        int torn = 0;
        long writes = 0;
        output.WriteLine($"seed {seed}");
        Crowd.Run(readers + writers, id =>
        {
            bool isWriter = id < writers;
            Random random = new((seed * 100) + id);
            for (int round = 0; round < rounds; round++)
            {
                bool isTry = random.Next(8) == 0;
                if (isWriter)
                {
                    if (isTry)
                    {
                        if (!tested.TryEnterExclusive())
                        {
                            continue;
                        }
                    }
                    else
                    {
                        tested.EnterExclusive();
                    }

                    long value = first + 1;
                    first = value;
                    Dawdle(random);
                    second = value;
                    writes++;
                    tested.ExitExclusive();
                }
                else
                {
                    if (isTry)
                    {
                        if (!tested.TryEnterShared())
                        {
                            continue;
                        }
                    }
                    else
                    {
                        tested.EnterShared();
                    }

                    long seen = Volatile.Read(ref first);
                    Dawdle(random);
                    if (Volatile.Read(ref second) != seen || Volatile.Read(ref first) != seen)
                    {
                        Interlocked.Increment(ref torn);
                    }

                    tested.ExitShared();
                }
            }
        });
        Assert.Equal(0, torn);
        Assert.Equal(writes, first);
        Assert.Equal(first, second);
        Assert.True(writers == 0 || writes > 0);
        Assert.True(tested.TryEnterExclusive());
        tested.ExitExclusive();
    }

    /// <summary>The control of the test above: the same crowd without a lock is seen to tear.</summary>
    [Fact]
    public void Crowd_without_a_lock_is_seen_to_tear()
    {
        long first = 0;
        long second = 0;
        int torn = 0;
        bool stop = false;
        Thread writer = new(() =>
        {
            Random random = new(1);
            while (!Volatile.Read(ref stop))
            {
                Volatile.Write(ref first, first + 1);
                Dawdle(random);
                Volatile.Write(ref second, first);
            }
        });
        writer.Start();
        Random random = new(2);
        long started = Stopwatch.GetTimestamp();
        while (torn == 0 && Stopwatch.GetElapsedTime(started).TotalSeconds < 20)
        {
            long seen = Volatile.Read(ref first);
            Dawdle(random);
            if (Volatile.Read(ref second) != seen || Volatile.Read(ref first) != seen)
            {
                torn++;
            }
        }

        Volatile.Write(ref stop, true);
        Assert.True(writer.Join(Crowd.TimeoutMs));
        Assert.NotEqual(0, torn);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Writer_gets_in_past_readers_that_never_pause(LockRank rank)
    {
        RankedReaderWriterLock tested = new(rank);
        Crowd.RunBeside(
            4,
            () =>
            {
                tested.EnterShared();
                Thread.SpinWait(200);
                tested.ExitShared();
            },
            () =>
            {
                for (int i = 0; i < 20; i++)
                {
                    tested.EnterExclusive();
                    tested.ExitExclusive();
                }
            });
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Reader_gets_in_between_writers_that_never_pause(LockRank rank)
    {
        RankedReaderWriterLock tested = new(rank);
        Crowd.RunBeside(
            3,
            () =>
            {
                tested.EnterExclusive();
                Thread.SpinWait(200);
                tested.ExitExclusive();
            },
            () =>
            {
                for (int i = 0; i < 20; i++)
                {
                    tested.EnterShared();
                    tested.ExitShared();
                }
            });
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void New_readers_wait_behind_a_waiting_writer(LockRank rank)
    {
        RankedReaderWriterLock tested = new(rank);
        tested.EnterShared();
        Thread writer = new(() =>
        {
            tested.EnterExclusive();
            tested.ExitExclusive();
        }) { IsBackground = true };
        writer.Start();
        Assert.True(SpinWait.SpinUntil(() => !OnAnotherThread(() => Entered(tested.TryEnterShared(), tested.ExitShared)), Crowd.TimeoutMs));
        tested.ExitShared();
        Assert.True(writer.Join(Crowd.TimeoutMs));
        Assert.True(OnAnotherThread(() => Entered(tested.TryEnterShared(), tested.ExitShared)));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Entering_allocates_nothing_and_is_cheap(LockRank rank)
    {
        RankedReaderWriterLock tested = new(rank);
        double bestNs = double.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            const int Count = 20_000;
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < Count; i++)
            {
                tested.EnterShared();
                tested.ExitShared();
            }

            bestNs = Math.Min(bestNs, Stopwatch.GetElapsedTime(started).TotalNanoseconds / Count);
            for (int i = 0; i < 100; i++)
            {
                tested.EnterExclusive();
                tested.ExitExclusive();
            }

            if (round > 0)
            {
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }

        output.WriteLine($"{rank}: entering and leaving shared takes {bestNs:F1} ns");
    }

    private static bool Entered(bool entered, Action exit)
    {
        if (entered)
        {
            exit();
        }

        return entered;
    }

    private static bool OnAnotherThread(Func<bool> question)
    {
        bool answer = false;
        Thread thread = new(() => answer = question()) { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(Crowd.TimeoutMs));
        return answer;
    }

    private static void Dawdle(Random random)
    {
        switch (random.Next(200))
        {
            case < 100:
                return;
            case < 196:
                Thread.SpinWait(random.Next(60));
                return;
            case < 199:
                Thread.Yield();
                return;
            default:
                Thread.Sleep(random.Next(40) == 0 ? 1 : 0);
                return;
        }
    }
}

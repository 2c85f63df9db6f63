using System.Reflection;
using Adit.Interop.Locking;

namespace Adit.Media.Tests;

public sealed class DirtyPagesTests
{
    private const long Length = 3L << 30;

    [Theory]
    [InlineData(0, 1, 0, 1)]
    [InlineData(4095, 2, 0, 2)]
    [InlineData(4096, 4096, 1, 1)]
    [InlineData(63 * 4096, 2 * 4096, 63, 2)]
    [InlineData(0, Length, 0, Length / 4096)]
    [InlineData(Length - 1, 1, (Length / 4096) - 1, 1)]
    public void Mark_covers_each_page_that_it_touches(long offset, long length, long first, long count)
    {
        DirtyPages dirty = new(Length);
        dirty.Mark(offset, length);
        Assert.Equal([(first, count)], Take(dirty));
        Assert.Empty(Take(dirty));
    }

    [Fact]
    public void Mark_of_nothing_marks_nothing()
    {
        DirtyPages dirty = new(Length);
        dirty.Mark(5000, 0);
        Assert.Empty(Take(dirty));
    }

    [Fact]
    public void Take_of_more_runs_than_fit_tells_their_number_and_clears_all()
    {
        DirtyPages dirty = new(Length);
        for (int i = 0; i < 10; i++)
        {
            dirty.Mark(i * 8192, 1);
        }

        Assert.Equal(10, dirty.Take(new (long, long)[3]));
        Assert.Empty(Take(dirty));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_marks_come_out_as_a_plain_set_has_them(int seed)
    {
        Random random = new(seed);
        DirtyPages dirty = new(Length);
        for (int round = 0; round < 50; round++)
        {
            SortedSet<long> model = [];
            for (int i = random.Next(40); i > 0; i--)
            {
                long offset = random.NextInt64(Length);
                long length = Math.Min(Length - offset, random.NextInt64(1, 1L << random.Next(1, 24)));
                dirty.Mark(offset, length);
                for (long page = offset >> 12; page <= (offset + length - 1) >> 12; page++)
                {
                    model.Add(page);
                }
            }

            Assert.Equal(model, Take(dirty).SelectMany(run => Pages(run)));
        }
    }

    /// <summary>A marker may be stopped between its page's bit and the summary's. Another that marks the page beside
    /// it is found all the same.</summary>
    [Fact]
    public void Mark_beside_a_mark_that_has_not_reached_the_summary_is_found()
    {
        DirtyPages dirty = new(Length);
        var pages = (ulong[])typeof(DirtyPages).GetField("_pages", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(dirty)!;
        pages[3] = 1;
        dirty.Mark(((3L * 64) + 1) << 12, 1);
        Assert.Equal([(3L * 64, 2L)], Take(dirty));
    }

    /// <summary>Each thread marks pages of its own and then takes, as a fence does under its lock: its pages were taken
    /// by then, by itself or by another. The threads' pages lie in the same words, and marks meet takes all the time.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Marks_beside_takes_are_never_lost(int seed)
    {
        const int Threads = 4;
        const int PagesOfOne = 64;
        int rounds = LockChecker.IsOn ? 4_000 : 15_000;
        DirtyPages dirty = new(Threads * PagesOfOne << DirtyPages.PageShift);
        Lock fence = new();
        long[] taken = new long[Threads * PagesOfOne];
        long[] stored = new long[Threads * PagesOfOne];
        int lost = 0;
        Crowd.Run(Threads, id =>
        {
            Random random = new((100 * seed) + id);
            (long, long)[] runs = new (long, long)[Threads * PagesOfOne];
            int[] mine = new int[20];
            for (int round = 1; round <= rounds; round++)
            {
                int count = random.Next(1, mine.Length);
                for (int i = 0; i < count; i++)
                {
                    int page = (random.Next(PagesOfOne) * Threads) + id;
                    mine[i] = page;
                    Volatile.Write(ref stored[page], round);
                    dirty.Mark((long)page << DirtyPages.PageShift, 1);
                    Thread.SpinWait(random.Next(4));
                }

                lock (fence)
                {
                    int runCount = dirty.Take(runs);
                    foreach ((long first, long length) in runs.AsSpan(0, runCount))
                    {
                        for (long page = first; page < first + length; page++)
                        {
                            taken[page] = Volatile.Read(ref stored[page]);
                        }
                    }

                    lost += mine.AsSpan(0, count).ToArray().Count(page => taken[page] < round);
                }
            }
        });
        Assert.Equal(0, lost);
    }

    private static List<(long First, long Count)> Take(DirtyPages dirty)
    {
        (long, long)[] runs = new (long, long)[4096];
        return [.. runs.AsSpan(0, dirty.Take(runs))];
    }

    private static IEnumerable<long> Pages((long First, long Count) run)
    {
        for (long page = run.First; page < run.First + run.Count; page++)
        {
            yield return page;
        }
    }
}

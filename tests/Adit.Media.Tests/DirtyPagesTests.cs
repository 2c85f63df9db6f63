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

    /// <summary>Each thread marks a page of its own and takes at once, as a fence does under its lock: the page was
    /// taken by then, by this thread or by another.</summary>
    [Fact]
    public void Marks_beside_takes_are_never_lost()
    {
        const int Threads = 4;
        const int Rounds = 30_000;
        DirtyPages dirty = new(Length);
        Lock fence = new();
        long[] takenVersion = new long[64 * Threads];
        long[] storedVersion = new long[64 * Threads];
        int lost = 0;
        Crowd.Run(Threads, id =>
        {
            (long, long)[] runs = new (long, long)[1024];
            for (int round = 1; round <= Rounds; round++)
            {
                // Neighbours share words: half of the pages of one word belong to another thread.
                int page = (id / 2 * 128) + (round % 64 * 2) + (id % 2);
                Volatile.Write(ref storedVersion[page], round);
                dirty.Mark((long)page << 12, 1);
                lock (fence)
                {
                    int count = dirty.Take(runs);
                    foreach ((long first, long length) in runs.AsSpan(0, count))
                    {
                        for (long taken = first; taken < first + length; taken++)
                        {
                            takenVersion[taken] = Volatile.Read(ref storedVersion[taken]);
                        }
                    }

                    if (takenVersion[page] < round)
                    {
                        Interlocked.Increment(ref lost);
                    }
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

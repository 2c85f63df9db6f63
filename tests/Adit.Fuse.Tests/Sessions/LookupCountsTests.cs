using Adit.Format;
using Adit.Fuse.Session;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Sessions;

public sealed unsafe class LookupCountsTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Counts_agree_with_a_dictionary_over_random_operations(int seed)
    {
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        LookupCounts counts = new();
        Dictionary<ulong, ulong> model = [];
        for (int index = 0; index < 200_000; index++)
        {
            // Neighbours and multiples of a power of two, so that chains form and close.
            ulong inode = random.Next(2) == 0 ? (ulong)random.Next(1, 3000) : (ulong)random.Next(1, 500) << 20;
            if (random.Next(2) == 0)
            {
                counts.Add(new InodeNumber(inode));
                model[inode] = model.GetValueOrDefault(inode) + 1;
            }
            else
            {
                ulong asked = (ulong)random.Next(1, 4);
                ulong held = model.GetValueOrDefault(inode);
                Assert.Equal(Math.Min(asked, held), counts.Release(new InodeNumber(inode), asked));
                if (held <= asked)
                {
                    model.Remove(inode);
                }
                else
                {
                    model[inode] = held - asked;
                }
            }
        }

        Assert.Equal(model.Count, counts.InodeCount);
        Assert.Equal(model.Keys.Order(), counts.Snapshot().Select(inode => inode.Value).Order());
        Dictionary<ulong, ulong> drained = [];
        counts.Drain((inode, count) => drained.Add(inode.Value, count));
        Assert.Equal(model.OrderBy(pair => pair.Key), drained.OrderBy(pair => pair.Key));
        Assert.Equal(0, counts.InodeCount);
    }

    [Fact]
    public void Counts_of_many_threads_add_up()
    {
        LookupCounts counts = new();
        Thread[] threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (uint index = 0; index < 50_000; index++)
            {
                counts.Add(new InodeNumber(2 + (index % 977)));
                counts.Release(new InodeNumber(2 + (index % 977)), 1);
                counts.Add(new InodeNumber(2 + (index % 977)));
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(20))));

        ulong total = 0;
        counts.Drain((_, count) => total += count);
        Assert.Equal(200_000ul, total);
    }
}

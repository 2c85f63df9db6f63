using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Space;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Space;

/// <summary>Many threads at once: no block is ever held twice, and nothing is lost.</summary>
public sealed class SpaceConcurrencyTests(ITestOutputHelper output)
{
    private const int Chunks = 96;
    private const int Threads = 4;

    [Fact]
    public void Blocks_given_out_to_many_threads_are_held_once()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var lines = new StoredLines();
        using var space = new SpaceAllocator(Chunks, 0, Chunks * 512, lines, new HostSpaceMedium(Chunks), lineCap: 12);
        var holders = new int[Chunks * 512];
        var transactions = new object();
        Exception? failure = null;
        var threads = new Thread[Threads];
        for (var number = 0; number < Threads; number++)
        {
            var random = new Random(seed + number);
            threads[number] = new Thread(() =>
            {
                try
                {
                    Work(space, lines, holders, transactions, random);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }
            })
            {
                IsBackground = true,
            };
            threads[number].Start();
        }

        foreach (var thread in threads)
        {
            Assert.True(thread.Join(TimeSpan.FromSeconds(20)), "a thread hangs");
        }

        Assert.Null(failure);
        Assert.Equal(holders.Count(holder => holder == 0), space.FreeBlocks);
        lines.Fold(space);
        Assert.Equal(space.FreeBlocks, lines.FreeBlocks(0, Chunks));
    }

    private static void Work(SpaceAllocator space, StoredLines lines, int[] holders, object transactions, Random random)
    {
        var held = new List<BlockExtent>();
        for (var round = 0; round < 3_000; round++)
        {
            var shape = (SpaceShape)random.Next(2);
            var goal = held.Count > 0 && random.Next(2) == 0 ? held[random.Next(held.Count)].End : BlockAddress.None;
            var request = new SpaceRequest(random.Next(1, shape == SpaceShape.Large ? 1200 : 40), goal, random.Next(512), shape);
            if (space.TryReserve(in request, out var blocks) == Errno.Success)
            {
                Count(holders, blocks, 1);
                lock (transactions)
                {
                    space.Take(blocks);
                }

                held.Add(blocks);
            }

            while (held.Count > 40 || (held.Count > 0 && random.Next(3) == 0))
            {
                var index = random.Next(held.Count);
                blocks = held[index];
                held.RemoveAt(index);
                Count(holders, blocks, -1);
                lock (transactions)
                {
                    space.Free(blocks);
                    space.ReleasePending(space.SealPending());
                }
            }

            if (random.Next(50) == 0)
            {
                lock (transactions)
                {
                    lines.Fold(space);
                }
            }
        }
    }

    private static void Count(int[] holders, BlockExtent blocks, int change)
    {
        for (var block = blocks.Start.Value; block < blocks.End.Value; block++)
        {
            var now = Interlocked.Add(ref holders[block], change);
            if (now is not (0 or 1))
            {
                Assert.Fail($"block {block} has {now} holders");
            }
        }
    }
}

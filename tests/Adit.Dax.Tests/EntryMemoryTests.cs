using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests;

/// <summary>What the entries of pages cost that are mapped here and there. By itself, because the memory of the whole process is measured.</summary>
[Collection(Alone)]
[CollectionDefinition(Alone, DisableParallelization = true)]
public sealed class EntryMemoryTests
{
    private const string Alone = "measures the memory of the process";
    private const long TiB = 1L << 40;

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public void Pages_touched_at_random_in_a_sparse_tebibyte_cost_at_most_16_bytes_each(int pageCount)
    {
        using MemoryMedium medium = new(TiB);
        Random random = new(11);
        HashSet<long> pages = new(pageCount);
        while (pages.Count < pageCount)
        {
            pages.Add(random.NextInt64(TiB / PageIndex.PageBytes));
        }

        AddressSpace? space = null;
        long before = 0;
        double bytes = LeastBytes(16.0 * pageCount, () =>
        {
            space = new(new EveryPageLayout(medium, isHuge: false));
            before = GC.GetTotalMemory(forceFullCollection: true);
            foreach (long page in pages)
            {
                Assert.Equal(Errno.Success, space.Pin(page * PageIndex.PageBytes, 8, PinAccess.Read, out Pin pin));
                pin.Dispose();
            }

            return GC.GetTotalMemory(forceFullCollection: true) - before;
        }) / (double)pageCount;
        Assert.Equal(pageCount, space!.ReadStatistics().Entries);
        Assert.True(bytes <= 16.0, $"{bytes:F2} bytes for each of {pageCount} pages");
        Assert.True(bytes >= 8, $"{bytes:F2} bytes for each page cannot be: an entry has 8");

        Assert.Equal(Errno.Success, space.TryEvict(discards: true));
        long left = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(left < 64 << 10, $"{left} bytes are left after everything was dropped");
        GC.KeepAlive(pages);
    }

    [Fact]
    public void Chunks_mapped_as_a_whole_and_stored_to_cost_at_most_16_bytes_each()
    {
        const int ChunkCount = 1 << 18;
        using MemoryMedium medium = new(TiB);
        AddressSpace? space = null;
        double bytes = LeastBytes(16.0 * ChunkCount, () =>
        {
            space = new(new EveryPageLayout(medium, isHuge: true));
            long before = GC.GetTotalMemory(forceFullCollection: true);
            Assert.Equal(Errno.Success, space.Populate(0, (long)ChunkCount << 21, PinAccess.Write));
            return GC.GetTotalMemory(forceFullCollection: true) - before;
        }) / (double)ChunkCount;
        Assert.Equal(ChunkCount, space!.ReadStatistics().Entries);
        Assert.True(bytes <= 16.0, $"{bytes:F2} bytes for each chunk");
        Assert.True(bytes >= 12, $"{bytes:F2} bytes for each chunk cannot be: an entry has 8, what is dirty of it 4");
    }

    [Fact]
    public void Memory_comes_back_when_most_entries_are_taken_out()
    {
        const int Count = 200_000;
        Random random = new(12);
        HashSet<long> chosen = new(Count);
        while (chosen.Count < Count)
        {
            chosen.Add(random.NextInt64(TiB / PageIndex.PageBytes));
        }

        long[] pages = [.. chosen];
        EntryTree? tree = null;
        double bytes = LeastBytes(32 * Count / 20.0, () =>
        {
            tree = new(1);
            long before = GC.GetTotalMemory(forceFullCollection: true);
            Insert(tree, pages);
            TakeOut(tree, pages.AsSpan(0, Count * 19 / 20));
            return GC.GetTotalMemory(forceFullCollection: true) - before;
        }) / (Count / 20.0);
        Assert.Equal(Count / 20, tree!.Count);
        Assert.True(bytes <= 32, $"{bytes:F2} bytes for each page that is left");
        GC.KeepAlive(pages);
        GC.KeepAlive(tree);
    }

    /// <summary>Measures again when it is too much, at most three times: what else the process does, its compiler first, and what it makes once
    /// can only add.</summary>
    private static long LeastBytes(double atMost, Func<long> measure)
    {
        long least = measure();
        for (int again = 0; again < 3 && least > atMost; again++)
        {
            least = Math.Min(least, measure());
        }

        return least;
    }

    private static long[] Insert(EntryTree tree, long[] pages)
    {
        foreach (long page in pages)
        {
            _ = tree.TryInsert(page, EntrySize.Page, new PageEntry(PageEntry.Accessible), false, out _);
        }

        return pages;
    }

    private static void TakeOut(EntryTree tree, ReadOnlySpan<long> pages)
    {
        foreach (long page in pages)
        {
            Assert.True(tree.TryFind(page, out EntryRef entry));
            _ = tree.Remove(entry);
            tree.Shrink(entry);
        }
    }
}

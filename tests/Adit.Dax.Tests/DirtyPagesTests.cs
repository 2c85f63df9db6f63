using Adit.Dax.Entries;

namespace Adit.Dax.Tests;

/// <summary>What is known of the stored-to pages of a 2 MiB chunk: nothing stored to is left out, few pages are known exactly.</summary>
public sealed class DirtyPagesTests
{
    private const int ChunkPages = 512;

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(16)]
    [InlineData(17)]
    public void One_page_is_known_by_itself(int page)
    {
        DirtyPages stored = default(DirtyPages).With(page, 1);
        Assert.Equal([page], PagesOf(stored));
        Assert.Equal(stored, stored.With(page, 1));
    }

    [Fact]
    public void Three_pages_are_known_each_by_itself_in_any_order_and_a_fourth_turns_them_into_parts()
    {
        DirtyPages stored = default(DirtyPages).With(511, 1).With(3, 2);
        Assert.Equal([3, 4, 511], PagesOf(stored));
        stored = stored.With(100, 1);
        Assert.Equal([.. Enumerable.Range(0, 17), .. Enumerable.Range(85, 17), 510, 511], PagesOf(stored));
    }

    [Fact]
    public void Whole_chunk_is_all_its_pages_and_no_page_is_none()
    {
        Assert.Empty(PagesOf(default));
        Assert.Equal(Enumerable.Range(0, ChunkPages), PagesOf(default(DirtyPages).With(0, ChunkPages)));
        Assert.Equal(Enumerable.Range(0, ChunkPages), PagesOf(DirtyPages.All));
        Assert.True(DirtyPages.All.TryNext(0, out int first, out int count));
        Assert.Equal((0, ChunkPages), (first, count));
    }

    [Fact]
    public void Stores_at_random_are_all_known_and_at_most_their_parts()
    {
        const int Seed = 20;
        Random random = new(Seed);
        for (int round = 0; round < 500; round++)
        {
            DirtyPages stored = default;
            SortedSet<int> model = [];
            for (int store = random.Next(1, 12); store > 0; store--)
            {
                int first = random.Next(ChunkPages);
                int count = random.Next(1, Math.Min(random.Next(2) == 0 ? 4 : 90, ChunkPages - first) + 1);
                stored = stored.With(first, count);
                model.UnionWith(Enumerable.Range(first, count));
                List<int> known = PagesOf(stored);
                Assert.True(model.IsSubsetOf(known));
                HashSet<int> parts = [.. model.Select(page => page / DirtyPages.PartPages)];
                Assert.All(known, page => Assert.Contains(page / DirtyPages.PartPages, parts));
                if (model.Count <= DirtyPages.MaxSingle)
                {
                    Assert.Equal(model, known);
                }
            }
        }
    }

    /// <summary>Every stored page, ascending; asks from each page on, so that a run may be entered in its middle.</summary>
    private static List<int> PagesOf(DirtyPages stored)
    {
        List<int> pages = [];
        for (int from = 0; from <= ChunkPages; from++)
        {
            if (!stored.TryNext(from, out int first, out int count))
            {
                break;
            }

            Assert.InRange(first, from, ChunkPages - 1);
            Assert.InRange(first + count, first + 1, ChunkPages);
            if (first == from)
            {
                pages.Add(first);
            }
        }

        for (int page = 0; stored.TryNext(page, out int first, out int count); page = first + count)
        {
            Assert.All(Enumerable.Range(first, count), each => Assert.Contains(each, pages));
        }

        return pages;
    }
}

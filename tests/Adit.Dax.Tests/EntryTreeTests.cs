using Adit.Dax.Entries;
using Adit.Dax.Layouts;

namespace Adit.Dax.Tests;

public sealed class EntryTreeTests
{
    private const ulong Locked = PageEntry.Locked;

    [Fact]
    public void Entries_at_random_places_are_found_marked_and_removed_as_in_a_model()
    {
        const int Seed = 71;
        Random random = new(Seed);
        EntryTree tree = new(1);
        SortedDictionary<long, (EntrySize Size, bool Dirty, bool ToWrite)> model = [];
        for (int i = 0; i < 20_000; i++)
        {
            long page = random.Next(4) switch
            {
                0 => random.Next(2000),
                1 => random.NextInt64(1L << 20),
                2 => (1L << 33) + random.Next(4096),
                _ => random.NextInt64(1L << 48),
            };
            EntrySize size = random.Next(12) switch { < 4 => EntrySize.Huge, 4 => EntrySize.Giant, _ => EntrySize.Page };
            long first = page & -PagesOf(size);
            switch (random.Next(6))
            {
                case 0 or 1:
                    bool isFree = model.All(pair => pair.Key + PagesOf(pair.Value.Size) <= first || pair.Key >= first + PagesOf(size));
                    Assert.Equal(isFree, tree.TryInsert(page, size, new PageEntry(Locked), false, out _));
                    if (isFree)
                    {
                        model[first] = (size, false, false);
                    }

                    break;
                case 2 when model.Count > 0:
                    (long key, _) = model.ElementAt(random.Next(model.Count));
                    Assert.True(tree.TryFind(key, out EntryRef gone));
                    tree.Remove(gone);
                    model.Remove(key);
                    Assert.False(tree.TryFind(key, out _));
                    break;
                case 3 when model.Count > 0:
                    (key, var value) = model.ElementAt(random.Next(model.Count));
                    Assert.True(tree.TryFind(key, out EntryRef marked));
                    tree.MarkDirty(marked);
                    model[key] = value with { Dirty = true };
                    break;
                case 4:
                    long end = page + random.NextInt64(1L << random.Next(1, 40));
                    tree.TagToWrite(page, end);
                    foreach (long at in model.Keys.ToArray())
                    {
                        var seen = model[at];
                        model[at] = seen with { ToWrite = seen.ToWrite || (seen.Dirty && at < end && at + PagesOf(seen.Size) > page) };
                    }

                    break;
                case 5 when model.Count > 0:
                    (key, value) = model.ElementAt(random.Next(model.Count));
                    Assert.True(tree.TryFind(key, out EntryRef cleaned));
                    Assert.Equal(value.ToWrite, tree.TakeToWrite(cleaned));
                    tree.MarkClean(cleaned);
                    model[key] = value with { Dirty = false, ToWrite = false };
                    break;
            }

            Assert.Equal(model.Count, tree.Count);
            if (i % 500 == 0)
            {
                CheckAgainst(model, tree);
            }
        }

        CheckAgainst(model, tree);
        Assert.Contains(model, pair => pair.Value.Size == EntrySize.Huge && pair.Value.Dirty);
        Assert.Contains(model, pair => pair.Value.Size == EntrySize.Giant && pair.Value.Dirty);
    }

    [Fact]
    public void Huge_entry_and_page_entry_of_one_chunk_are_never_both_there()
    {
        EntryTree tree = new(1);
        Assert.True(tree.TryInsert(1030, EntrySize.Page, new PageEntry(Locked), false, out EntryRef page));
        Assert.False(tree.TryInsert(1024, EntrySize.Huge, new PageEntry(Locked), false, out _));
        tree.Remove(page);
        Assert.True(tree.TryInsert(1024, EntrySize.Huge, new PageEntry(Locked), false, out _));
        Assert.False(tree.TryInsert(1030, EntrySize.Page, new PageEntry(Locked), false, out _));
        Assert.True(tree.TryInsert(1536, EntrySize.Page, new PageEntry(Locked), false, out _));
    }

    [Fact]
    public void Broken_tree_that_overlooks_the_other_size_has_both()
    {
        EntryTree tree = new(1);
        Assert.True(tree.TryInsert(1024, EntrySize.Huge, new PageEntry(Locked), true, out _));
        Assert.True(tree.TryInsert(1030, EntrySize.Page, new PageEntry(Locked), true, out _));
    }

    private static long PagesOf(EntrySize size) => size switch { EntrySize.Giant => 1 << 18, EntrySize.Huge => 512, _ => 1 };

    private static void CheckAgainst(SortedDictionary<long, (EntrySize Size, bool Dirty, bool ToWrite)> model, EntryTree tree)
    {
        MarkCheck.Run(tree);
        Assert.Equal(model.Keys, Walk(tree, EntryMark.Live));
        Assert.Equal(model.Where(pair => pair.Value.Dirty).Select(pair => pair.Key), Walk(tree, EntryMark.Dirty));
        Assert.Equal(model.Where(pair => pair.Value.ToWrite).Select(pair => pair.Key), Walk(tree, EntryMark.ToWrite));
    }

    private static List<long> Walk(EntryTree tree, EntryMark mark)
    {
        List<long> found = [];
        long page = 0;
        while (tree.TryNext(mark, page, PageRange.All.End.Value, out EntryRef entry))
        {
            found.Add(entry.Pages.First.Value);
            page = entry.Pages.End.Value;
        }

        return found;
    }
}

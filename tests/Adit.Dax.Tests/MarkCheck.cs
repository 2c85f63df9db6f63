using Adit.Dax.Entries;
using Adit.Dax.Layouts;

namespace Adit.Dax.Tests;

/// <summary>That no mark in a node is set without an entry that has it in the node's range: each search would look there for nothing.
/// (One that is missing shows in what a search finds.)</summary>
internal static class MarkCheck
{
    public static void Run(EntryTree tree)
    {
        List<(PageRange Pages, PageEntry Entry)> entries = [];
        for (long page = 0; tree.TryNext(EntryMark.Live, page, PageRange.All.End.Value, out EntryRef found); page = found.Pages.End.Value)
        {
            entries.Add((found.Pages, found.Read()));
        }

        foreach (EntryMark mark in (ReadOnlySpan<EntryMark>)[EntryMark.Dirty, EntryMark.ToWrite])
        {
            long[] marked = [.. entries.Where(each => each.Entry.Matches(mark)).Select(each => each.Pages.First.Value)];
            long[] giants = [.. entries.Where(each => each.Pages.PageCount == PageIndex.PagesPerGiant && each.Entry.Matches(mark)).Select(each => each.Pages.First.Value)];
            if (tree.Root is { } root)
            {
                Check(root, 0, mark, marked, giants);
            }
        }
    }

    private static void Check(DirectoryNode directory, long firstPage, EntryMark mark, long[] marked, long[] giants)
    {
        for (int slot = 0; slot < DirectoryNode.SlotCount; slot++)
        {
            long first = firstPage + ((long)slot << directory.Shift);
            long end = first + (1L << directory.Shift);
            bool mayBe = HasAny(marked, first, end) || (directory.IsLowest && HasAny(giants, first - PageIndex.PagesPerGiant + 1, end));
            Assert.True(mayBe || directory.NextMarked(mark, slot) != slot, $"{mark} is set for 2^{directory.Shift} pages from {first} on");
            switch (directory.Child(slot))
            {
                case DirectoryNode child:
                    Check(child, first, mark, marked, giants);
                    break;
                case ChunkNode chunks:
                    Assert.True(!chunks.HasMark(mark) || HasAny(marked, first, end), $"{mark} is set in the chunks from page {first} on");
                    break;
            }
        }
    }

    private static bool HasAny(long[] sorted, long first, long end)
    {
        int index = Array.BinarySearch(sorted, first);
        index = index < 0 ? ~index : index;
        return index < sorted.Length && sorted[index] < end;
    }
}

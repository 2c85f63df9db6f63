using System.Numerics;
using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>A node whose entries stand for many pages each: of those it is known which 32 KiB were stored to.</summary>
/// <param name="firstPage">The first page of the file that the node stands for.</param>
/// <param name="firstSlot">The number of its first slot.</param>
/// <param name="slotCount">How many it has.</param>
/// <param name="entryShift">An entry stands for 2^entryShift pages.</param>
internal abstract class LargeNode(long firstPage, int firstSlot, int slotCount, int entryShift) : EntryNode(firstPage)
{
    /// <summary>Dirty bytes are known by 2^PartShift pages: 32 KiB.</summary>
    public const int PartShift = ChunkNode.ChunkShift - 6;

    // Made when the first entry is stored to. All words of the first slot, of the second, and so on.
    private ulong[]? _dirtyParts;

    /// <summary>Words of 64 parts that an entry has.</summary>
    public int WordsPerEntry { get; } = 1 << (entryShift - PartShift - 6);

    public bool HasPartTable => Volatile.Read(ref _dirtyParts) is not null;

    public override PageRange PagesAt(int slot) => new(new PageIndex(FirstPage + ((long)(slot - firstSlot) << entryShift)), 1L << entryShift);

    /// <summary>Makes room to know which parts are dirty, to be given to the node.</summary>
    public ulong[] MakePartTable() => new ulong[slotCount * WordsPerEntry];

    /// <summary>Gives the node room to know which parts are dirty. The first one given is kept.</summary>
    public void GivePartTable(ulong[] parts) => Interlocked.CompareExchange(ref _dirtyParts, parts, null);

    /// <summary>Adds the parts of an entry that pages lie in to the dirty ones. The entry's own dirty bit says whether they count.</summary>
    public void AddDirtyParts(int slot, PageRange stored)
    {
        PageRange pages = PagesAt(slot);
        PageRange inEntry = pages.Intersect(stored);
        if (inEntry.IsEmpty)
        {
            return;
        }

        int first = (int)(inEntry.First - pages.First) >> (PartShift + 6);
        int last = (int)(inEntry.End - pages.First - 1) >> (PartShift + 6);
        for (int word = first; word <= last; word++)
        {
            ref ulong known = ref WordAt(_dirtyParts!, slot, word);
            ulong parts = PartsIn(pages, word, inEntry);
            if ((Volatile.Read(ref known) & parts) != parts)
            {
                Interlocked.Or(ref known, parts);
            }
        }
    }

    /// <summary>The dirty parts of an entry, 64 at a time.</summary>
    public ulong DirtyParts(int slot, int word) => _dirtyParts is { } table ? Volatile.Read(ref WordAt(table, slot, word)) : ~0UL;

    public void ClearDirtyParts(int slot) => _dirtyParts?.AsSpan((slot - firstSlot) * WordsPerEntry, WordsPerEntry).Clear();

    /// <summary>The 64 parts of one word of an entry that pages lie in.</summary>
    public static ulong PartsIn(PageRange entry, int word, PageRange pages)
    {
        const int WordPages = 1 << (PartShift + 6);
        PageRange ofWord = new(entry.First + ((long)word * WordPages), WordPages);
        PageRange both = ofWord.Intersect(pages);
        if (both.IsEmpty)
        {
            return 0;
        }

        int first = (int)(both.First - ofWord.First) >> PartShift;
        int last = (int)(both.End - ofWord.First - 1) >> PartShift;
        return ((ulong.MaxValue >> (63 - last)) >> first) << first;
    }

    private ref ulong WordAt(ulong[] table, int slot, int word) => ref table[((slot - firstSlot) * WordsPerEntry) + word];
}

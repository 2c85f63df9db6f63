using System.Runtime.CompilerServices;
using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>64 entries side by side: a leaf (an entry is a page), or, as a <see cref="ChunkNode"/>, 64 chunks (an entry is 2 MiB).</summary>
/// <remarks>Entries are read and swapped by any thread without a lock. An entry appears in an empty slot, and a slot becomes empty,
/// under the tree's lock only; so are the marks, the count and <see cref="IsDead"/> changed. A node with an entry is never taken out
/// of the tree: who has a pin can go on using the node and slot it was taken at.</remarks>
internal class EntryNode(long firstPage, int pagesPerEntry)
{
    public const int SlotCount = 64;

    private EntrySlots _slots;

    /// <summary>The first page of the file that the node's entries stand for.</summary>
    public long FirstPage { get; } = firstPage;

    /// <summary>1 or 512.</summary>
    public int PagesPerEntry { get; } = pagesPerEntry;

    public bool IsHuge => PagesPerEntry != 1;

    /// <summary>One bit for each slot with something dirty.</summary>
    public ulong Dirty { get; set; }

    /// <summary>One bit for each slot with something to write.</summary>
    public ulong ToWrite { get; set; }

    /// <summary>Slots that are not empty.</summary>
    public int LiveCount { get; set; }

    /// <summary>It was taken out of the tree: nothing may be put into it.</summary>
    public bool IsDead { get; set; }

    public PageRange PagesAt(int slot) => new(new PageIndex(FirstPage + ((long)slot * PagesPerEntry)), PagesPerEntry);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageEntry Read(int slot) => new(Volatile.Read(ref _slots[slot]));

    /// <summary>Replaces an entry if it still is what it was.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySwap(int slot, PageEntry expected, PageEntry value) =>
        Interlocked.CompareExchange(ref _slots[slot], value.Bits, expected.Bits) == expected.Bits;

    /// <summary>Sets and clears bits at once, whatever else changes meanwhile.</summary>
    /// <returns>The entry as it was before.</returns>
    public PageEntry Change(int slot, ulong set, ulong clear)
    {
        while (true)
        {
            PageEntry seen = Read(slot);
            if (TrySwap(slot, seen, seen.Without(clear).With(set)))
            {
                return seen;
            }
        }
    }

    [InlineArray(SlotCount)]
    private struct EntrySlots
    {
        private ulong _first;
    }
}

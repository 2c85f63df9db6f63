using System.Numerics;
using System.Runtime.CompilerServices;
using Adit.Dax.Layouts;
using Adit.Interop;

namespace Adit.Dax.Entries;

/// <summary>The pages of one chunk side by side: for chunks of which most pages are mapped.</summary>
internal sealed class PageLeaf(long firstPage) : EntryNode(firstPage)
{
    public const int PageCount = 1 << ChunkNode.ChunkShift;

    private const int WordCount = PageCount / 64;

    /// <summary>The entries. Others go through <see cref="EntryNode.Read"/> and <see cref="EntryNode.TrySwap"/>.</summary>
    internal EntrySlots Slots;

    private MarkWords _dirty;
    private MarkWords _toWrite;

    public static int SlotOf(long page) => (int)page & (PageCount - 1);

    public override PageRange PagesAt(int slot) => new(new PageIndex(FirstPage + slot), 1);

    public override void SetMark(int slot, EntryMark mark, bool isSet)
    {
        ref ulong word = ref MarksOf(mark)[slot >> 6];
        ulong bit = 1UL << slot;
        word = isSet ? word | bit : word & ~bit;
    }

    public override bool HasMark(EntryMark mark) => MarksOf(mark).ContainsAnyExcept(0UL);

    /// <summary>Finds the first entry with a mark in a range. (Under the tree's lock, as all below.)</summary>
    public bool TryNext(EntryMark mark, long first, long end, out EntryRef entry)
    {
        int from = (int)Math.Max(0, first - FirstPage);
        int to = (int)Math.Min(PageCount, end - FirstPage);
        int slot = mark == EntryMark.Live ? NextLive(from, to) : NextMarked(mark, from, to);
        entry = new EntryRef(this, slot);
        return slot < to;
    }

    /// <summary>Puts an entry into an empty slot.</summary>
    public bool TryAdd(int slot, PageEntry value)
    {
        if (!TrySwap(slot, default, value))
        {
            return false;
        }

        Welcome(slot, value);
        return true;
    }

    /// <summary>Moves every entry that nobody works or waits at.</summary>
    public void MoveTo(SparseNode other)
    {
        for (int slot = 0; slot < PageCount; slot++)
        {
            if (TryClaim(slot, out PageEntry entry))
            {
                Invariant.That(other.TryAdd(FirstPage + slot, entry, out _));
            }
        }
    }

    private Span<ulong> MarksOf(EntryMark mark)
    {
        if (mark == EntryMark.Dirty)
        {
            return _dirty;
        }

        return _toWrite;
    }

    private int NextLive(int from, int to)
    {
        int slot = from;
        while (slot < to && Read(slot).IsNone)
        {
            slot++;
        }

        return slot;
    }

    private int NextMarked(EntryMark mark, int from, int to)
    {
        ReadOnlySpan<ulong> words = MarksOf(mark);
        ulong mask = ulong.MaxValue << from;
        for (int i = from >> 6; i < (to + 63) >> 6; i++, mask = ulong.MaxValue)
        {
            if ((words[i] & mask) != 0)
            {
                return (i << 6) + BitOperations.TrailingZeroCount(words[i] & mask);
            }
        }

        return PageCount;
    }

    [InlineArray(PageCount)]
    internal struct EntrySlots
    {
        private ulong _first;
    }

    [InlineArray(WordCount)]
    private struct MarkWords
    {
        private ulong _first;
    }
}

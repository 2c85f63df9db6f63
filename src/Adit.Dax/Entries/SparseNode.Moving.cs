using System.Numerics;
using Adit.Interop;

namespace Adit.Dax.Entries;

/// <content>Entries change their node. Under the tree's lock.</content>
internal sealed partial class SparseNode
{
    /// <summary>Slots that come behind the sorted ones of a node of moved entries, and so the most that are sorted at once.</summary>
    private const int MaxScratch = 512;

    private const int DrainInterval = 32;

    /// <summary>Slots for entries and room for an eighth more.</summary>
    public static int CapacityFor(int count) => count + Math.Max(8, Math.Min(MaxScratch, count >> 3));

    /// <summary>Entries in a range, here or in older nodes.</summary>
    public int CountIn(long first, long end)
    {
        (int low, int high) = KeysOf(first, end);
        int count = 0;
        for (SparseNode? node = this; node is not null; node = node.Older)
        {
            for (int i = node.LowerBound(low); node.TryStep(ref i, high); i++)
            {
                count += node._keys[i] >= low && node._keys[i] < high ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Counts the 64ths of the range that have entries.</summary>
    public int CountPartsInUse()
    {
        ulong parts = 0;
        for (SparseNode? node = this; node is not null; node = node.Older)
        {
            foreach (int key in node._keys.AsSpan(0, node._usedCount))
            {
                parts |= key > 0 ? 1UL << ((key - 1) >> (Shift - 6)) : 0;
            }
        }

        return BitOperations.PopCount(parts);
    }

    /// <summary>Moves every entry of a range that nobody works or waits at, from here and from older nodes, to a node that has room for
    /// them all.</summary>
    public void MoveTo(SparseNode other, long first, long end)
    {
        (int low, int high) = KeysOf(first, end);
        for (SparseNode? node = this; node is not null; node = node.Older)
        {
            for (int i = node.LowerBound(low); node.TryStep(ref i, high); i++)
            {
                if (node._keys[i] >= low && node._keys[i] < high && node.TryTake(i, out long page, out PageEntry entry))
                {
                    Invariant.That(other.TryAdd(page, entry, out _));
                }
            }
        }
    }

    /// <summary>The same, to the leaf of a chunk, which has none of these pages.</summary>
    public void MoveTo(PageLeaf leaf)
    {
        (int low, int high) = KeysOf(leaf.FirstPage, leaf.FirstPage + PageLeaf.PageCount);
        for (SparseNode? node = this; node is not null; node = node.Older)
        {
            for (int i = node.LowerBound(low); node.TryStep(ref i, high); i++)
            {
                if (node._keys[i] >= low && node._keys[i] < high && node.TryTake(i, out long page, out PageEntry entry))
                {
                    Invariant.That(leaf.TryAdd(PageLeaf.SlotOf(page), entry));
                }
            }
        }
    }

    /// <summary>Moves what was left behind in older nodes here, as far as there is room and nobody uses it now. Looks only now and then.</summary>
    public void Drain()
    {
        if ((_usedCount & (DrainInterval - 1)) != 0)
        {
            return;
        }

        for (SparseNode? node = Older; node is not null; node = node.Older)
        {
            for (int i = 0; i < node._usedCount && !IsFull; i++)
            {
                if (node._keys[i] > 0 && node.TryTake(i, out long page, out PageEntry entry))
                {
                    Invariant.That(TryAdd(page, entry, out _));
                }
            }
        }

        Older = WithoutEmpty(Older);
    }

    /// <summary>What remains of a node and the older ones when those without entries are left out.</summary>
    public static SparseNode? WithoutEmpty(SparseNode? newest)
    {
        while (newest is { LiveCount: 0 })
        {
            newest = newest.Older;
        }

        for (SparseNode? node = newest; node is not null; node = node.Older)
        {
            while (node.Older is { LiveCount: 0 } empty)
            {
                node.Older = empty.Older;
            }
        }

        return newest;
    }

    /// <summary>Sorts what was put into a node that nobody else knows yet.</summary>
    public void Sort()
    {
        Span<int> keys = _keys.AsSpan(0, _usedCount);
        Span<ulong> entries = Entries.AsSpan(0, _usedCount);
        int sorted = 1;
        while (sorted < keys.Length && keys[sorted - 1] < keys[sorted])
        {
            sorted++;
        }

        if (keys.Length - sorted > MaxScratch)
        {
            keys.Sort(entries);
        }
        else if (sorted < keys.Length)
        {
            keys[sorted..].Sort(entries[sorted..]);
            Merge(keys, entries, sorted);
        }

        _sortedCount = _usedCount;
    }

    private bool TryTake(int index, out long page, out PageEntry entry)
    {
        page = PagesAt(FirstSparseSlot + index).First.Value;
        if (!TryClaim(FirstSparseSlot + index, out entry))
        {
            return false;
        }

        Retire(FirstSparseSlot + index);
        return true;
    }

    private (int Low, int High) KeysOf(long first, long end) =>
        ((int)Math.Max(0, first - FirstPage) + 1, (int)Math.Min(1L << Shift, end - FirstPage) + 1);

    /// <summary>Steps on from sorted slots behind a key to the unsorted ones.</summary>
    /// <returns>False at the end.</returns>
    private bool TryStep(ref int index, int high)
    {
        if (index < _sortedCount && (_keys[index] & ~Gone) >= high)
        {
            index = _sortedCount;
        }

        return index < _usedCount;
    }

    /// <summary>Merges two sorted runs, from their ends on.</summary>
    private static void Merge(Span<int> keys, Span<ulong> entries, int sorted)
    {
        Span<int> laterKeys = stackalloc int[MaxScratch];
        Span<ulong> laterEntries = stackalloc ulong[MaxScratch];
        int later = keys.Length - sorted;
        keys[sorted..].CopyTo(laterKeys);
        entries[sorted..].CopyTo(laterEntries);
        for (int to = keys.Length - 1; later > 0; to--)
        {
            if (sorted > 0 && keys[sorted - 1] > laterKeys[later - 1])
            {
                sorted--;
                keys[to] = keys[sorted];
                entries[to] = entries[sorted];
            }
            else
            {
                later--;
                keys[to] = laterKeys[later];
                entries[to] = laterEntries[later];
            }
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>Single pages of a range, 12 bytes each: for what is mapped here and there. First come entries in the order of their pages, behind
/// them the latest in the order they came; when there is no room left, a new node takes the place of this one.</summary>
/// <remarks>
/// The page of a slot is written once. An entry that somebody works or waits at when its node is replaced stays where it is: such a node hangs on as
/// <see cref="Older"/> until its last entry is gone or moved.
/// </remarks>
/// <param name="firstPage">The range begins here.</param>
/// <param name="shift">It has 2^shift pages, 27 at most.</param>
/// <param name="capacity">Slots.</param>
internal sealed partial class SparseNode(long firstPage, int shift, int capacity) : EntryNode(firstPage)
{
    /// <summary>The largest range: 512 GiB. Pages of it and a bit fit a key.</summary>
    public const int MaxShift = 27;

    /// <summary>A key with this bit has no entry any more.</summary>
    private const int Gone = int.MinValue;

    /// <summary>The entries. Others go through <see cref="EntryNode.Read"/> and <see cref="EntryNode.TrySwap"/>.</summary>
    internal readonly ulong[] Entries = new ulong[capacity];

    // Of each slot: the page in the range, plus 1.
    private readonly int[] _keys = new int[capacity];
    private SparseNode? _older;
    private int _sortedCount;
    private int _usedCount;
    private int _dirtyCount;
    private int _toWriteCount;

    /// <summary>The range has 2^Shift pages.</summary>
    public int Shift { get; } = shift;

    public int Capacity => Entries.Length;

    public bool IsFull => _usedCount == Entries.Length;

    /// <summary>The node whose place this one took, while it still has entries.</summary>
    public SparseNode? Older
    {
        get => Volatile.Read(ref _older);
        set => Volatile.Write(ref _older, value);
    }

    /// <summary>Entries of this node and the older ones.</summary>
    public int ChainCount
    {
        get
        {
            int count = 0;
            for (SparseNode? node = this; node is not null; node = node.Older)
            {
                count += node.LiveCount;
            }

            return count;
        }
    }

    public override PageRange PagesAt(int slot) =>
        new(new PageIndex(FirstPage + (_keys[slot - FirstSparseSlot] & ~Gone) - 1), 1);

    public override void SetMark(int slot, EntryMark mark, bool isSet)
    {
        ref int count = ref mark == EntryMark.Dirty ? ref _dirtyCount : ref _toWriteCount;
        count += isSet ? 1 : -1;
    }

    /// <summary>Here or in an older node.</summary>
    public override bool HasMark(EntryMark mark)
    {
        for (SparseNode? node = this; node is not null; node = node.Older)
        {
            if ((mark == EntryMark.Dirty ? node._dirtyCount : node._toWriteCount) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds a page here or in an older node, without a lock. May miss one that is being moved.</summary>
    public bool TryFind(long page, out EntryRef entry, out PageEntry seen)
    {
        int key = (int)(page - FirstPage) + 1;
        for (SparseNode? node = this; node is not null; node = node.Older)
        {
            int index = node.IndexOf(key);
            if (index >= 0)
            {
                seen = new PageEntry(Volatile.Read(ref node.Entries[index]));
                if (!seen.IsNone)
                {
                    entry = new EntryRef(node, FirstSparseSlot + index);
                    return true;
                }
            }
        }

        entry = default;
        seen = default;
        return false;
    }

    /// <summary>Puts an entry for a page that has none behind the others. (Under the tree's lock, as all below.)</summary>
    /// <returns>False if there is no room.</returns>
    public bool TryAdd(long page, PageEntry value, out EntryRef entry)
    {
        entry = default;
        if (IsFull)
        {
            return false;
        }

        int index = _usedCount;
        Volatile.Write(ref Entries[index], value.Bits);
        Volatile.Write(ref _keys[index], (int)(page - FirstPage) + 1);
        Volatile.Write(ref _usedCount, index + 1);
        entry = new EntryRef(this, FirstSparseSlot + index);
        Welcome(entry.Slot, value);
        return true;
    }

    /// <summary>After a slot has become empty.</summary>
    public void Retire(int slot) => Volatile.Write(ref _keys[slot - FirstSparseSlot], _keys[slot - FirstSparseSlot] | Gone);

    /// <summary>Finds the first entry with a mark in a range, here or in an older node.</summary>
    public bool TryNext(EntryMark mark, long first, long end, out EntryRef entry)
    {
        entry = default;
        (int low, int high) = KeysOf(first, end);
        for (SparseNode? node = this; node is not null && low < high; node = node.Older)
        {
            int index = node.IndexOfNext(mark, low, high);
            if (index >= 0)
            {
                entry = new EntryRef(node, FirstSparseSlot + index);
                high = node._keys[index];
            }
        }

        return entry.Node is not null;
    }

    private int IndexOf(int key)
    {
        int used = Volatile.Read(ref _usedCount);
        int sorted = _sortedCount;
        if (sorted != 0)
        {
            // Pages that follow each other are where they would be if none were missing.
            int guess = key - (_keys[0] & ~Gone);
            if ((uint)guess >= (uint)sorted || _keys[guess] != key)
            {
                guess = LowerBound(key);
            }

            if (guess < sorted && _keys[guess] == key)
            {
                return guess;
            }
        }

        int index = _keys.AsSpan(sorted, used - sorted).IndexOf(key);
        return index < 0 ? index : sorted + index;
    }

    /// <summary>The first sorted slot whose page is not before a key's.</summary>
    private int LowerBound(int key)
    {
        int[] keys = _keys;
        int low = 0;
        int high = _sortedCount;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if ((keys[middle] & ~Gone) < key)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private int IndexOfNext(EntryMark mark, int low, int high)
    {
        int best = -1;
        for (int i = LowerBound(low); i < _sortedCount && (_keys[i] & ~Gone) < high; i++)
        {
            if (_keys[i] > 0 && new PageEntry(Entries[i]).Matches(mark))
            {
                best = i;
                high = _keys[i];
                break;
            }
        }

        for (int i = _sortedCount; i < _usedCount; i++)
        {
            if (_keys[i] >= low && _keys[i] < high && new PageEntry(Entries[i]).Matches(mark))
            {
                best = i;
                high = _keys[i];
            }
        }

        return best;
    }
}

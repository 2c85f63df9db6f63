using System.Numerics;
using System.Runtime.CompilerServices;

namespace Adit.Dax.Entries;

/// <summary>64 children: directories, or on the lowest level of them chunk nodes; and beside each child a sparse node for single pages of its
/// range. Read without a lock and changed under the tree's lock, as everything else here.</summary>
internal sealed class DirectoryNode(int shift)
{
    public const int SlotCount = 64;

    /// <summary>Of a lowest directory: slots that a giant entry stands for.</summary>
    private const int SlotsPerGiant = SlotCount / GiantNode.EntryCount;

    /// <summary>Nodes for single pages of a slot's range.</summary>
    internal SparseTable Sparse;

    private GiantNode? _giants;
    private readonly object?[] _children = new object?[SlotCount];
    private ulong _dirty;
    private ulong _toWrite;

    /// <summary>A child stands for 2^shift pages.</summary>
    public int Shift { get; } = shift;

    /// <summary>Its children are chunk nodes.</summary>
    public bool IsLowest => Shift == ChunkNode.NodeShift;

    public int ChildCount { get; private set; }

    /// <summary>Nothing is below it.</summary>
    public bool IsBare => ChildCount == 0 && Sparse.IsEmpty && Giants is null;

    /// <summary>The 1 GiB entries of a lowest directory.</summary>
    public GiantNode? Giants
    {
        get => Volatile.Read(ref _giants);
        set => Volatile.Write(ref _giants, value);
    }

    /// <summary>The page lies in what this directory as the root stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Covers(long page) => page >> Shift >> 6 == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SlotOf(long page) => (int)(page >> Shift) & (SlotCount - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public object? Child(int slot) => Volatile.Read(ref _children[slot]);

    public void SetChild(int slot, object? child)
    {
        ChildCount += (child is null ? 0 : 1) - (_children[slot] is null ? 0 : 1);
        Volatile.Write(ref _children[slot], child);
    }

    public bool HasMark(EntryMark mark) => (mark == EntryMark.Dirty ? _dirty : _toWrite) != 0;

    /// <summary>The next slot, from a given one on, in whose range there is something with the mark, or <see cref="SlotCount"/>.</summary>
    public int NextMarked(EntryMark mark, int slot) => mark == EntryMark.Live ? slot : NextSet(mark == EntryMark.Dirty ? _dirty : _toWrite, slot);

    /// <summary>The next set bit from a given one on, or 64.</summary>
    public static int NextSet(ulong marks, int from) => from >= 64 ? 64 : BitOperations.TrailingZeroCount(marks >> from << from);

    /// <summary>Makes the marks of a slot those of what is in its range.</summary>
    public void RefreshMarks(int slot)
    {
        int count = Giants is null ? 1 : SlotsPerGiant;
        slot &= ~(count - 1);
        for (int i = slot; i < slot + count; i++)
        {
            RefreshMarksOf(i);
        }
    }

    /// <summary>The giant entry that a slot's range lies in has the mark.</summary>
    public bool HasGiant(int slot, EntryMark mark, out EntryRef entry)
    {
        entry = Giants is { } giants ? new EntryRef(giants, EntryNode.FirstGiantSlot + (slot / SlotsPerGiant)) : default;
        return entry.Node is not null && entry.Read().Matches(mark);
    }

    private void RefreshMarksOf(int slot)
    {
        SetMark(ref _dirty, slot, HasMarkBelow(slot, EntryMark.Dirty));
        SetMark(ref _toWrite, slot, HasMarkBelow(slot, EntryMark.ToWrite));
    }

    private bool HasMarkBelow(int slot, EntryMark mark)
    {
        bool hasMark = _children[slot] switch
        {
            DirectoryNode directory => directory.HasMark(mark),
            ChunkNode chunks => chunks.HasMark(mark),
            _ => false,
        };
        return hasMark || HasGiant(slot, mark, out _) || Sparse[slot] is { } sparse && sparse.HasMark(mark);
    }

    private static void SetMark(ref ulong marks, int slot, bool isSet) => marks = isSet ? marks | (1UL << slot) : marks & ~(1UL << slot);
}

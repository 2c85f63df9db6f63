namespace Adit.Dax.Entries;

/// <summary>64 children: directories, or on the lowest level of them chunk nodes. Children are read without a lock and changed
/// under the tree's lock, as everything else here.</summary>
internal sealed class DirectoryNode(int shift)
{
    private readonly object?[] _children = new object?[EntryNode.SlotCount];

    /// <summary>A child stands for 2^shift pages.</summary>
    public int Shift { get; } = shift;

    /// <summary>Its children are chunk nodes.</summary>
    public bool IsLowest => Shift == ChunkNode.NodeShift;

    public int ChildCount { get; private set; }

    public ulong Dirty { get; set; }

    public ulong ToWrite { get; set; }

    /// <summary>The page lies in what this directory as the root stands for.</summary>
    public bool Covers(long page) => page >> Shift >> 6 == 0;

    public int SlotOf(long page) => (int)(page >> Shift) & (EntryNode.SlotCount - 1);

    public object? Child(int slot) => Volatile.Read(ref _children[slot]);

    public void SetChild(int slot, object? child)
    {
        ChildCount += (child is null ? 0 : 1) - (_children[slot] is null ? 0 : 1);
        Volatile.Write(ref _children[slot], child);
    }
}

using System.Runtime.CompilerServices;
using Adit.Interop;
using Adit.Interop.Locking;

namespace Adit.Dax.Entries;

/// <summary>The entries of one address space: a sparse radix tree, 64 children wide, from page index to entry. Its lowest level
/// are chunk nodes (an entry is 2 MiB) and their leaves (an entry is a page); beside them may be entries of 1 GiB. What is mapped here
/// and there is kept in sparse nodes beside the children, on whichever level a range of pages has enough of them.</summary>
/// <remarks>
/// Invariants: no page is in two entries, whatever their sizes; that of a page alone is in its leaf or in a sparse node above it; a node
/// without entries is not in the tree; a mark in a node is set exactly if it is set at an entry below.
/// <see cref="TryFind(long, out EntryRef)"/> takes no lock: nodes are linked when complete, and a node taken out stays readable and empty.
/// Everything that changes which entries there are, where they are kept, or their marks, holds the tree's lock for a short time;
/// nothing is allocated under it. Memory: 8.4 bytes for each page of a chunk with a leaf, 9.4 for each chunk that is mapped as a whole, 12 to
/// 15 for each page that lies alone; nothing for what is not mapped.
/// </remarks>
/// <param name="number">Orders the locks of trees: the inode's number.</param>
internal sealed partial class EntryTree(ulong number)
{
    private readonly RankedLock _lock = new(LockRank.EntryTree, number);
    private DirectoryNode? _root;
    private long _count;

    /// <summary>Entries of either size, place-holders included.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>There is no node: all memory was given back.</summary>
    internal bool IsBare => Root is null;

    /// <summary>The highest node: for those who check the marks.</summary>
    internal DirectoryNode? Root => Volatile.Read(ref _root);

    /// <summary>Finds the entry that stands for a page, by whatever size.</summary>
    /// <returns>False if there was none at an instant during the call, or if it was being moved: who needs to know has
    /// <see cref="TryInsert"/> look.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(long page, out EntryRef entry) => TryFind(page, out entry, out _);

    /// <inheritdoc cref="TryFind(long, out EntryRef)"/>
    /// <param name="seen">What it was at that instant.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(long page, out EntryRef entry, out PageEntry seen)
    {
        if (FindChunkNode(page) is { } chunks)
        {
            int chunk = ChunkNode.ChunkOf(page);
            seen = new PageEntry(Volatile.Read(ref chunks.Slots[chunk]));
            if (!seen.IsNone)
            {
                entry = new EntryRef(chunks, EntryNode.FirstChunkSlot + chunk);
                return true;
            }

            if (chunks.LeafOf(chunk) is { } leaf)
            {
                int slot = PageLeaf.SlotOf(page);
                seen = new PageEntry(Volatile.Read(ref leaf.Slots[slot]));
                if (!seen.IsNone)
                {
                    entry = new EntryRef(leaf, slot);
                    return true;
                }
            }
        }

        return TryFindAlone(page, out entry, out seen);
    }

    /// <summary>Finds a pinned entry that is being moved, or was. Whoever lets a pin go may hold any lock, so this one is only tried.</summary>
    public EntryRef FindPinned(long page)
    {
        SpinWait spin = default;
        while (true)
        {
            bool nothingMoves = _lock.TryEnter();
            bool isThere = TryFind(page, out EntryRef entry, out PageEntry seen) && seen.Pins != 0;
            if (nothingMoves)
            {
                _lock.Exit();
            }

            Invariant.That(isThere || !nothingMoves, "what is let go is pinned");
            if (isThere)
            {
                return entry;
            }

            spin.SpinOnce();
        }
    }

    /// <summary>Finds a page in a giant entry, or in the sparse nodes, from the largest range to the smallest.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryFindAlone(long page, out EntryRef entry, out PageEntry seen)
    {
        DirectoryNode? directory = Volatile.Read(ref _root);
        directory = directory is not null && directory.Covers(page) ? directory : null;
        while (directory is not null)
        {
            int slot = directory.SlotOf(page);
            if (directory.HasGiant(slot, EntryMark.Live, out entry))
            {
                seen = entry.Read();
                return !seen.IsNone;
            }

            if (directory.Sparse[slot] is { } sparse && sparse.TryFind(page, out entry, out seen))
            {
                return true;
            }

            object? child = directory.Child(slot);
            if (child is ChunkNode chunks && chunks.Sparse[ChunkNode.ChunkOf(page)] is { } single && single.TryFind(page, out entry, out seen))
            {
                return true;
            }

            directory = child as DirectoryNode;
        }

        entry = default;
        seen = default;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ChunkNode? FindChunkNode(long page)
    {
        DirectoryNode? directory = Volatile.Read(ref _root);
        if (directory is null || !directory.Covers(page))
        {
            return null;
        }

        // What a child is follows from the level, so the casts of this hot path are not checked.
        object? child = directory.Child(directory.SlotOf(page));
        while (!directory.IsLowest)
        {
            if (child is null)
            {
                return null;
            }

            directory = Unsafe.As<DirectoryNode>(child);
            child = directory.Child(directory.SlotOf(page));
        }

        return Unsafe.As<ChunkNode>(child);
    }
}

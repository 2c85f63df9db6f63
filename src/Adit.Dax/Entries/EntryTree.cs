using System.Runtime.CompilerServices;
using Adit.Interop;
using Adit.Interop.Locking;

namespace Adit.Dax.Entries;

/// <summary>The entries of one address space: a sparse radix tree, 64 children wide, from page index to entry. Its lower two levels
/// are chunk nodes (an entry is 2 MiB) and their leaves (an entry is a page).</summary>
/// <remarks>
/// Invariants: a chunk has a huge entry or page entries, never both; a node without entries is not in the tree; a mark in a node is
/// set exactly if it is set at an entry below. <see cref="TryFind(long, out EntryRef)"/> takes no lock: nodes are linked when complete, and a node taken
/// out stays readable and empty. Everything that changes which entries there are, or their marks, holds the tree's lock for a few
/// instructions; nothing is allocated under it. Memory: 9 bytes for each mapped page, or for each chunk that is mapped as a whole,
/// where entries lie side by side; nothing for what is not mapped.
/// </remarks>
/// <param name="number">Orders the locks of trees: the inode's number.</param>
internal sealed partial class EntryTree(ulong number)
{
    private readonly RankedLock _lock = new(LockRank.EntryTree, number);
    private DirectoryNode? _root;
    private long _count;

    /// <summary>Entries of either size, place-holders included.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Finds the entry that stands for a page, by whatever size.</summary>
    /// <returns>False if there was none at an instant during the call.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(long page, out EntryRef entry) => TryFind(page, out entry, out _);

    /// <inheritdoc cref="TryFind(long, out EntryRef)"/>
    /// <param name="seen">What it was at that instant.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(long page, out EntryRef entry, out PageEntry seen)
    {
        if (FindChunkNode(page) is { } chunks)
        {
            int chunkSlot = (int)(page >> ChunkNode.ChunkShift) & (EntryNode.SlotCount - 1);
            seen = chunks.Read(chunkSlot);
            if (!seen.IsNone)
            {
                entry = new EntryRef(chunks, chunkSlot);
                return true;
            }

            int slot = (int)page & (EntryNode.SlotCount - 1);
            if (chunks.LeafOf(page) is { } leaf)
            {
                seen = leaf.Read(slot);
                entry = new EntryRef(leaf, slot);
                return !seen.IsNone;
            }
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

    /// <summary>Puts an entry where there is none.</summary>
    /// <param name="page">A page that it is to stand for.</param>
    /// <param name="isHuge">For the whole chunk.</param>
    /// <param name="value">The entry.</param>
    /// <param name="allowsBothSizes">A deliberate defect: overlook the entries of the other size.</param>
    /// <param name="entry">Where it is now.</param>
    /// <returns>False if the page, or some page of the chunk, has an entry.</returns>
    public bool TryInsert(long page, bool isHuge, PageEntry value, bool allowsBothSizes, out EntryRef entry)
    {
        NodeSpares spares = default;
        while (true)
        {
            InsertOutcome outcome;
            using (_lock.Enter())
            {
                outcome = TryInsertLocked(page, isHuge, value, allowsBothSizes, ref spares, out entry);
            }

            if (outcome != InsertOutcome.NeedsNode)
            {
                return outcome == InsertOutcome.Inserted;
            }

            spares.Make(page);
        }
    }

    private InsertOutcome TryInsertLocked(
        long page, bool isHuge, PageEntry value, bool allowsBothSizes, ref NodeSpares spares, out EntryRef entry)
    {
        entry = default;
        InsertOutcome outcome = TryReachChunksLocked(page, ref spares, out ChunkNode? chunks);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        int chunkSlot = (int)(page >> ChunkNode.ChunkShift) & (EntryNode.SlotCount - 1);
        if (!chunks!.Read(chunkSlot).IsNone && !(allowsBothSizes && !isHuge))
        {
            return InsertOutcome.Occupied;
        }

        if (isHuge)
        {
            if (chunks.HasPagesAt(chunkSlot) && !allowsBothSizes)
            {
                return InsertOutcome.Occupied;
            }

            entry = new EntryRef(chunks, chunkSlot);
        }
        else
        {
            outcome = TryReachLeafLocked(chunks, page, ref spares, out EntryNode? leaf);
            if (outcome != InsertOutcome.Inserted)
            {
                return outcome;
            }

            entry = new EntryRef(leaf!, (int)page & (EntryNode.SlotCount - 1));
        }

        if (!entry.TrySwap(default, value))
        {
            return InsertOutcome.Occupied;
        }

        entry.Node.LiveCount++;
        Volatile.Write(ref _count, _count + 1);
        return InsertOutcome.Inserted;
    }

    private InsertOutcome TryReachChunksLocked(long page, ref NodeSpares spares, out ChunkNode? chunks)
    {
        chunks = null;
        while (_root is null || !_root.Covers(page))
        {
            int shift = _root is null ? ChunkNode.NodeShift : _root.Shift + 6;
            if (spares.Directory is not { } directory || directory.Shift != shift)
            {
                return spares.Lacks(NodeNeed.Directory, shift, out spares);
            }

            spares.Directory = null;
            if (_root is not null)
            {
                directory.SetChild(0, _root);
                directory.Dirty = _root.Dirty == 0 ? 0UL : 1;
                directory.ToWrite = _root.ToWrite == 0 ? 0UL : 1;
            }

            Volatile.Write(ref _root, directory);
        }

        DirectoryNode at = _root;
        while (!at.IsLowest)
        {
            int slot = at.SlotOf(page);
            if (at.Child(slot) is null)
            {
                if (spares.Directory is not { } directory || directory.Shift != at.Shift - 6)
                {
                    return spares.Lacks(NodeNeed.Directory, at.Shift - 6, out spares);
                }

                spares.Directory = null;
                at.SetChild(slot, directory);
            }

            at = (DirectoryNode)at.Child(slot)!;
        }

        chunks = (ChunkNode?)at.Child(at.SlotOf(page));
        if (chunks is null)
        {
            if (spares.Chunk is null)
            {
                return spares.Lacks(NodeNeed.Chunk, 0, out spares);
            }

            chunks = spares.Chunk;
            spares.Chunk = null;
            at.SetChild(at.SlotOf(page), chunks);
        }

        return InsertOutcome.Inserted;
    }

    private static InsertOutcome TryReachLeafLocked(ChunkNode chunks, long page, ref NodeSpares spares, out EntryNode? leaf)
    {
        leaf = null;
        if (!chunks.HasLeafTable)
        {
            if (spares.LeafTable is null)
            {
                return spares.Lacks(NodeNeed.LeafTable, 0, out spares);
            }

            chunks.SetLeafTable(spares.LeafTable);
            spares.LeafTable = null;
        }

        leaf = chunks.LeafOf(page);
        if (leaf is null)
        {
            if (spares.Leaf is null)
            {
                return spares.Lacks(NodeNeed.Leaf, 0, out spares);
            }

            leaf = spares.Leaf;
            spares.Leaf = null;
            chunks.SetLeaf(page, leaf);
        }

        return InsertOutcome.Inserted;
    }

    /// <summary>Takes an entry out, and the nodes that have none left. The caller has it locked, or has the mapping alone, and nobody
    /// has it pinned.</summary>
    /// <returns>The entry as it was: if somebody waits for it, they are to be woken.</returns>
    public PageEntry Remove(EntryRef entry)
    {
        using (_lock.Enter())
        {
            PageEntry seen;
            do
            {
                seen = entry.Read();
                Invariant.That(!seen.IsNone && seen.Pins == 0);
            }
            while (!entry.TrySwap(seen, default));

            entry.Node.LiveCount--;
            Volatile.Write(ref _count, _count - 1);
            long page = entry.Pages.First.Value;
            if (seen.Has(PageEntry.Dirty))
            {
                ClearMarkLocked(entry, EntryMark.Dirty);
            }

            if (seen.Has(PageEntry.ToWrite))
            {
                ClearMarkLocked(entry, EntryMark.ToWrite);
            }

            if (entry.Node is ChunkNode chunks)
            {
                chunks.ClearDirtyParts(entry.Slot);
            }

            PruneLocked(page, entry.Node);
            return seen;
        }
    }

    /// <summary>Takes nodes without entries out of the tree, from a node up.</summary>
    private void PruneLocked(long page, EntryNode node)
    {
        if (node.LiveCount != 0)
        {
            return;
        }

        ChunkNode chunks = node as ChunkNode ?? FindChunkNode(page)!;
        if (!node.IsHuge)
        {
            node.IsDead = true;
            chunks.SetLeaf(page, null);
        }

        if (chunks.LiveCount == 0 && chunks.LeafCount == 0)
        {
            chunks.IsDead = true;
            if (PruneLocked(_root!, page))
            {
                Volatile.Write(ref _root, null);
            }
        }
    }

    /// <returns>True when the directory has no child left.</returns>
    private static bool PruneLocked(DirectoryNode directory, long page)
    {
        int slot = directory.SlotOf(page);
        if (directory.IsLowest || PruneLocked((DirectoryNode)directory.Child(slot)!, page))
        {
            directory.SetChild(slot, null);
        }

        return directory.ChildCount == 0;
    }
}

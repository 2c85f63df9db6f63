using Adit.Interop;

namespace Adit.Dax.Entries;

/// <content>New entries, and where they are put.</content>
internal sealed partial class EntryTree
{
    /// <summary>Puts an entry where there is none.</summary>
    /// <param name="page">A page that it is to stand for.</param>
    /// <param name="size">For how much.</param>
    /// <param name="value">The entry.</param>
    /// <param name="allowsBothSizes">A deliberate defect: overlook the entries of the other size.</param>
    /// <param name="entry">Where it is now.</param>
    /// <param name="isDense">The other pages of the chunk are about to be mapped too.</param>
    /// <returns>False if some page of it has an entry.</returns>
    public bool TryInsert(long page, EntrySize size, PageEntry value, bool allowsBothSizes, out EntryRef entry, bool isDense = false)
    {
        NodeSpares spares = default;
        while (true)
        {
            InsertOutcome outcome;
            using (_lock.Enter())
            {
                outcome = TryInsertLocked(page, size, value, allowsBothSizes, isDense, ref spares, out entry);
            }

            if (outcome != InsertOutcome.NeedsNode)
            {
                return outcome == InsertOutcome.Inserted;
            }

            switch (spares.Need)
            {
                case NodeNeed.Spread:
                    Spread(page, spares.NeededShift);
                    spares.HasSpread = true;
                    break;
                case NodeNeed.Densify:
                    Densify(page);
                    spares.HasSpread = true;
                    break;
                default:
                    spares.Make(page);
                    break;
            }
        }
    }

    private InsertOutcome TryInsertLocked(
        long page, EntrySize size, PageEntry value, bool allowsBothSizes, bool isDense, ref NodeSpares spares, out EntryRef entry)
    {
        entry = default;
        if (IsTakenLocked(page, size, allowsBothSizes))
        {
            return InsertOutcome.Occupied;
        }

        InsertOutcome outcome = TryCoverLocked(page, ref spares);
        if (outcome == InsertOutcome.Inserted)
        {
            outcome = size == EntrySize.Giant ? TryPutGiantLocked(page, value, ref spares, out entry)
                : size == EntrySize.Huge ? TryPutChunkLocked(page, value, ref spares, out entry)
                : FindLeaf(page) is not null || isDense || FollowsLeavesLocked(page) ? TryPutInLeafLocked(page, value, ref spares, out entry)
                : TryPutAloneLocked(page, value, ref spares, out entry);
        }

        if (outcome == InsertOutcome.Inserted)
        {
            Volatile.Write(ref _count, _count + 1);
        }

        return outcome;
    }

    private bool IsTakenLocked(long page, EntrySize size, bool allowsBothSizes)
    {
        if (size == EntrySize.Page)
        {
            return TryFind(page, out EntryRef there) && !(there.Size == EntrySize.Huge && allowsBothSizes && !HasPageLocked(page));
        }

        int shift = size == EntrySize.Huge ? ChunkNode.ChunkShift : GiantNode.GiantShift;
        long first = page >> shift << shift;
        return TryNextLocked(EntryMark.Live, first, first + (1L << shift), out EntryRef other) && !(allowsBothSizes && !other.IsLarge);
    }

    /// <summary>The page has an entry of its own, whatever its chunk has.</summary>
    private bool HasPageLocked(long page) =>
        (FindLeaf(page) is { } leaf && !leaf.Read(PageLeaf.SlotOf(page)).IsNone) || TryFindAlone(page, out _, out _);

    private PageLeaf? FindLeaf(long page) => FindChunkNode(page)?.LeafOf(ChunkNode.ChunkOf(page));

    /// <summary>A page at the beginning of a chunk behind two full leaves: whoever goes through a file will want the rest too.</summary>
    private bool FollowsLeavesLocked(long page) =>
        PageLeaf.SlotOf(page) == 0
        && page >= 2 * PageLeaf.PageCount
        && FindLeaf(page - 1) is { LiveCount: PageLeaf.PageCount }
        && FindLeaf(page - 1 - PageLeaf.PageCount) is { LiveCount: PageLeaf.PageCount };

    /// <summary>Has the root stand for a page.</summary>
    private InsertOutcome TryCoverLocked(long page, ref NodeSpares spares)
    {
        while (_root is null || !_root.Covers(page))
        {
            int shift = _root is null ? ChunkNode.NodeShift : _root.Shift + 6;
            while (_root is null && page >> shift >> 6 != 0)
            {
                shift += 6;
            }

            if (spares.Directory is not { } directory || directory.Shift != shift)
            {
                return spares.Lacks(NodeNeed.Directory, shift);
            }

            spares.Directory = null;
            if (_root is not null)
            {
                directory.SetChild(0, _root);
                directory.RefreshMarks(0);
            }

            Volatile.Write(ref _root, directory);
        }

        return InsertOutcome.Inserted;
    }

    private InsertOutcome TryPutChunkLocked(long page, PageEntry value, ref NodeSpares spares, out EntryRef entry)
    {
        entry = default;
        InsertOutcome outcome = TryReachChunksLocked(page, ref spares, out ChunkNode? chunks);
        if (outcome == InsertOutcome.Inserted)
        {
            entry = new EntryRef(chunks!, ChunkNode.SlotOf(page));
            Invariant.That(entry.TrySwap(default, value));
            chunks!.LiveCount++;
        }

        return outcome;
    }

    private InsertOutcome TryPutGiantLocked(long page, PageEntry value, ref NodeSpares spares, out EntryRef entry)
    {
        entry = default;
        InsertOutcome outcome = TryReachDirectoryLocked(page, ChunkNode.NodeShift, ref spares, out DirectoryNode? lowest);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        if (lowest!.Giants is not { } giants)
        {
            if (spares.Giants is null)
            {
                return spares.Lacks(NodeNeed.Giants);
            }

            giants = lowest.Giants = spares.Giants;
        }

        entry = new EntryRef(giants, GiantNode.SlotOf(page));
        Invariant.That(entry.TrySwap(default, value));
        giants.LiveCount++;
        return InsertOutcome.Inserted;
    }

    private InsertOutcome TryPutInLeafLocked(long page, PageEntry value, ref NodeSpares spares, out EntryRef entry)
    {
        entry = default;
        InsertOutcome outcome = TryReachLeafLocked(page, ref spares, out PageLeaf? leaf);
        if (outcome == InsertOutcome.Inserted)
        {
            entry = new EntryRef(leaf!, PageLeaf.SlotOf(page));
            Invariant.That(leaf!.TryAdd(entry.Slot, value));
        }

        return outcome;
    }

    /// <summary>Puts a page into the sparse node of the smallest range around it, or into a new one beside the lowest directory.</summary>
    private InsertOutcome TryPutAloneLocked(long page, PageEntry value, ref NodeSpares spares, out EntryRef entry)
    {
        entry = default;
        InsertOutcome outcome = TryReachSparseLocked(page, ref spares, out int shift);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        SparseNode? node = TableLocked(page, shift)[SlotAt(page, shift)];
        if (node is { Older: not null, IsFull: false })
        {
            node.Drain();
        }

        if (node is null || node.IsFull)
        {
            if (node is not null && !spares.HasSpread && WantsOtherNodes(node, out NodeNeed need))
            {
                return spares.Lacks(need, shift);
            }

            outcome = TryRehouseLocked(page, shift, shift, ref spares);
            if (outcome != InsertOutcome.Inserted)
            {
                return outcome;
            }

            node = TableLocked(page, shift)[SlotAt(page, shift)]!;
        }

        Invariant.That(node.TryAdd(page, value, out entry));
        return InsertOutcome.Inserted;
    }

    private InsertOutcome TryReachChunksLocked(long page, ref NodeSpares spares, out ChunkNode? chunks)
    {
        chunks = null;
        InsertOutcome outcome = TryReachDirectoryLocked(page, ChunkNode.NodeShift, ref spares, out DirectoryNode? lowest);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        int slot = lowest!.SlotOf(page);
        chunks = (ChunkNode?)lowest.Child(slot);
        if (chunks is null)
        {
            if (spares.Chunk is null)
            {
                return spares.Lacks(NodeNeed.Chunk);
            }

            chunks = spares.Chunk;
            spares.Chunk = null;
            lowest.SetChild(slot, chunks);
        }

        return InsertOutcome.Inserted;
    }

    /// <summary>Finds or makes the directory whose children stand for 2^shift pages.</summary>
    private InsertOutcome TryReachDirectoryLocked(long page, int shift, ref NodeSpares spares, out DirectoryNode? directory)
    {
        directory = _root!;
        while (directory.Shift > shift)
        {
            int slot = directory.SlotOf(page);
            if (directory.Child(slot) is null)
            {
                if (spares.Directory is not { } child || child.Shift != directory.Shift - 6)
                {
                    return spares.Lacks(NodeNeed.Directory, directory.Shift - 6);
                }

                spares.Directory = null;
                directory.SetChild(slot, child);
            }

            directory = (DirectoryNode)directory.Child(slot)!;
        }

        return InsertOutcome.Inserted;
    }

    private InsertOutcome TryReachLeafLocked(long page, ref NodeSpares spares, out PageLeaf? leaf)
    {
        leaf = null;
        InsertOutcome outcome = TryReachChunksLocked(page, ref spares, out ChunkNode? chunks);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        if (!chunks!.HasLeafTable)
        {
            if (spares.LeafTable is null)
            {
                return spares.Lacks(NodeNeed.LeafTable);
            }

            chunks.SetLeafTable(spares.LeafTable);
            spares.LeafTable = null;
        }

        leaf = chunks.LeafOf(ChunkNode.ChunkOf(page));
        if (leaf is null)
        {
            if (spares.Leaf is null)
            {
                return spares.Lacks(NodeNeed.Leaf);
            }

            leaf = spares.Leaf;
            spares.Leaf = null;
            chunks.SetLeaf(ChunkNode.ChunkOf(page), leaf);
            GatherLocked(page, leaf);
        }

        return InsertOutcome.Inserted;
    }

    /// <summary>Finds the table in which a page that lies alone has, or is to have, its sparse node.</summary>
    /// <param name="shift">The size of the node's range.</param>
    private InsertOutcome TryReachSparseLocked(long page, ref NodeSpares spares, out int shift)
    {
        shift = 0;
        int lowestDirectory = 0;
        object? at = _root;
        while (at is DirectoryNode directory)
        {
            int slot = directory.SlotOf(page);
            lowestDirectory = directory.Shift;
            shift = directory.Sparse[slot] is null ? shift : directory.Shift;
            at = directory.Child(slot);
        }

        if (at is ChunkNode chunks && chunks.Sparse[ChunkNode.ChunkOf(page)] is not null)
        {
            shift = ChunkNode.ChunkShift;
        }

        if (shift != 0)
        {
            return InsertOutcome.Inserted;
        }

        shift = Math.Min(lowestDirectory, SparseNode.MaxShift);
        return TryReachTableLocked(page, shift, ref spares);
    }

    /// <summary>Has a level of the tree, and room for sparse nodes in it.</summary>
    private InsertOutcome TryReachTableLocked(long page, int shift, ref NodeSpares spares)
    {
        InsertOutcome outcome = shift == ChunkNode.ChunkShift
            ? TryReachChunksLocked(page, ref spares, out _)
            : TryReachDirectoryLocked(page, shift, ref spares, out _);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        ref SparseTable table = ref TableLocked(page, shift);
        if (!table.HasRoom)
        {
            if (spares.SparseTable is null)
            {
                return spares.Lacks(NodeNeed.SparseTable);
            }

            table.Give(spares.SparseTable);
            spares.SparseTable = null;
        }

        return InsertOutcome.Inserted;
    }

    /// <summary>The table of sparse nodes around a page whose ranges have 2^shift pages. That level must be there.</summary>
    private ref SparseTable TableLocked(long page, int shift)
    {
        DirectoryNode directory = _root!;
        while (directory.Shift > shift && !directory.IsLowest)
        {
            directory = (DirectoryNode)directory.Child(directory.SlotOf(page))!;
        }

        if (directory.Shift == shift)
        {
            return ref directory.Sparse;
        }

        return ref ((ChunkNode)directory.Child(directory.SlotOf(page))!).Sparse;
    }

    private static int SlotAt(long page, int shift) => (int)(page >> shift) & (SparseTable.SlotCount - 1);
}

namespace Adit.Dax.Entries;

/// <content>How entries of single pages change their nodes: to a larger or smaller one, to those of smaller ranges where there are many, to
/// the leaf of a chunk where most pages have one, and back. Each step holds the lock by itself; entries that somebody works or waits at
/// stay where they are, and are found there.</content>
internal sealed partial class EntryTree
{
    /// <summary>A sparse node with so many entries is spread over nodes of smaller ranges. Those get a 64th each, so that a node's
    /// own 130 bytes are little.</summary>
    private const int MaxSparse = 4096;

    /// <summary>Entries that are worth a node of a smaller range.</summary>
    private const int MinSpread = 32;

    /// <summary>From here on a node is spread where a few chunks have most of its entries.</summary>
    private const int MinClustered = 512;

    /// <summary>Pages of a chunk for which a leaf is no larger than 16 bytes each.</summary>
    private const int MinDense = 300;

    /// <summary>With so many left a leaf becomes a sparse node.</summary>
    private const int MaxThin = 128;

    /// <summary>With so many left a sparse node is joined with that of the larger range.</summary>
    private const int MaxJoined = 16;

    /// <summary>Gives memory back after an entry was taken out. Allocates; no lock is held.</summary>
    /// <param name="from">Where the entry was.</param>
    public void Shrink(EntryRef from)
    {
        int left = from.Node.LiveCount;
        if (left == 0 || (left & (left - 1)) != 0)
        {
            return;
        }

        long page = from.Pages.First.Value;
        if (from.Node is PageLeaf && left <= MaxThin)
        {
            Repeat(page, TryThinLocked);
        }
        else if (from.Node is SparseNode node && node.Capacity > 2 * SparseNode.CapacityFor(left))
        {
            Repeat(page, (long at, ref NodeSpares spares) => TryShrinkLocked(at, node, ref spares));
        }
    }

    private delegate InsertOutcome MovingStep(long page, ref NodeSpares spares);

    /// <summary>Has a step done under the lock, with the nodes it needs made without it.</summary>
    private void Repeat(long page, MovingStep step)
    {
        NodeSpares spares = default;
        while (true)
        {
            using (_lock.Enter())
            {
                if (step(page, ref spares) != InsertOutcome.NeedsNode)
                {
                    return;
                }
            }

            spares.Make(page);
        }
    }

    /// <summary>Moves entries of a sparse node that lie close together to nodes of smaller ranges, or to leaves.</summary>
    private void Spread(long page, int shift)
    {
        long first = page >> shift << shift;
        int below = shift - 6;
        Repeat(page, (long at, ref NodeSpares spares) => TryFitLocked(at, shift, ref spares));
        for (int i = 0; i < SparseTable.SlotCount; i++)
        {
            Repeat(first + ((long)i << below), (long at, ref NodeSpares spares) => TryMoveDownLocked(at, shift, ref spares));
        }

        Repeat(page, (long at, ref NodeSpares spares) => TryFitLocked(at, shift, ref spares));
    }

    /// <summary>Gives a sparse node the room that its entries need, and none if it has none.</summary>
    private InsertOutcome TryFitLocked(long page, int shift, ref NodeSpares spares)
    {
        PruneLocked(page);
        return NodeAtLocked(page, shift) is null ? InsertOutcome.Occupied : TryRehouseLocked(page, shift, shift, ref spares);
    }

    private void Densify(long page) => Repeat(page, TryDensifyLocked);

    private static bool WantsOtherNodes(SparseNode node, out NodeNeed need)
    {
        int count = node.ChainCount;
        need = node.Shift == ChunkNode.ChunkShift ? NodeNeed.Densify : NodeNeed.Spread;
        return node.Shift switch
        {
            ChunkNode.ChunkShift => count >= MinDense,
            ChunkNode.NodeShift when count >= MinClustered => count >= MaxSparse || count / node.CountPartsInUse() >= 2 * MinSpread,
            _ => count >= MaxSparse,
        };
    }

    /// <summary>The newest sparse node around a page with ranges of 2^shift pages.</summary>
    private SparseNode? NodeAtLocked(long page, int shift)
    {
        object? at = _root is { } root && root.Covers(page) ? root : null;
        while (at is DirectoryNode directory && directory.Shift > shift)
        {
            at = directory.Child(directory.SlotOf(page));
        }

        return at switch
        {
            DirectoryNode directory when directory.Shift == shift => directory.Sparse[directory.SlotOf(page)],
            ChunkNode chunks when shift == ChunkNode.ChunkShift => chunks.Sparse[ChunkNode.ChunkOf(page)],
            _ => null,
        };
    }

    /// <summary>Puts a new node in the place of a sparse one (or of none), with the entries of that one and of another level.</summary>
    /// <param name="page">In the range of both.</param>
    /// <param name="shift">The size of the node's range. Its table has room.</param>
    /// <param name="otherShift">The other level; the same: only this one.</param>
    private InsertOutcome TryRehouseLocked(long page, int shift, int otherShift, ref NodeSpares spares)
    {
        SparseNode? node = NodeAtLocked(page, shift);
        SparseNode? other = otherShift == shift ? null : NodeAtLocked(page, otherShift);
        int moved = Math.Min(shift, otherShift);
        long first = page >> moved << moved;
        long end = first + (1L << moved);
        int count = (node?.ChainCount ?? 0) + (other?.CountIn(first, end) ?? 0);
        if (spares.Sparse is not { } fresh || fresh.Shift != shift || fresh.FirstPage != page >> shift << shift || fresh.Capacity <= count)
        {
            return spares.Lacks(NodeNeed.Sparse, shift, SparseNode.CapacityFor(count));
        }

        spares.Sparse = null;
        node?.MoveTo(fresh, fresh.FirstPage, fresh.FirstPage + (1L << shift));
        other?.MoveTo(fresh, first, end);
        fresh.Sort();
        fresh.Older = SparseNode.WithoutEmpty(node);
        TableLocked(page, shift).Set(SlotAt(page, shift), fresh);
        if (other is not null)
        {
            TableLocked(page, otherShift).Set(SlotAt(page, otherShift), SparseNode.WithoutEmpty(other));
        }

        RefreshMarksLocked(page);
        return InsertOutcome.Inserted;
    }

    /// <summary>Moves the entries of a sparse node that lie in one 64th of its range to a node of their own.</summary>
    private InsertOutcome TryMoveDownLocked(long page, int shift, ref NodeSpares spares)
    {
        int below = shift - 6;
        if (NodeAtLocked(page, shift) is not { } node || node.CountIn(page, page + (1L << below)) is var count && count < MinSpread)
        {
            return InsertOutcome.Occupied;
        }

        if (below == ChunkNode.ChunkShift && count + (NodeAtLocked(page, below)?.ChainCount ?? 0) >= MinDense)
        {
            return TryDensifyLocked(page, ref spares);
        }

        InsertOutcome outcome = TryReachTableLocked(page, below, ref spares);
        if (outcome == InsertOutcome.Inserted)
        {
            outcome = TryRehouseLocked(page, below, shift, ref spares);
        }

        if (outcome != InsertOutcome.NeedsNode)
        {
            PruneLocked(page);
        }

        return outcome;
    }

    /// <summary>Has a leaf for a chunk that takes over its single pages.</summary>
    private InsertOutcome TryDensifyLocked(long page, ref NodeSpares spares)
    {
        if (_root is not { } root || !root.Covers(page))
        {
            return InsertOutcome.Occupied;
        }

        InsertOutcome outcome = TryReachLeafLocked(page, ref spares, out PageLeaf? leaf);
        if (outcome == InsertOutcome.Inserted)
        {
            GatherLocked(page, leaf!);
            PruneLocked(page);
        }

        return outcome;
    }

    /// <summary>Moves the single pages of a chunk to its leaf.</summary>
    private void GatherLocked(long page, PageLeaf leaf)
    {
        object? at = _root;
        while (at is DirectoryNode directory)
        {
            int slot = directory.SlotOf(page);
            MoveToLeaf(ref directory.Sparse, slot, leaf);
            at = directory.Child(slot);
        }

        MoveToLeaf(ref ((ChunkNode)at!).Sparse, ChunkNode.ChunkOf(page), leaf);
        RefreshMarksLocked(page);
    }

    private static void MoveToLeaf(ref SparseTable table, int slot, PageLeaf leaf)
    {
        if (table[slot] is { } node)
        {
            node.MoveTo(leaf);
            table.Set(slot, SparseNode.WithoutEmpty(node));
        }
    }

    /// <summary>Moves what is left in a leaf to a sparse node.</summary>
    private InsertOutcome TryThinLocked(long page, ref NodeSpares spares)
    {
        const int Shift = ChunkNode.ChunkShift;
        if (FindLeaf(page) is not { LiveCount: <= MaxThin } leaf)
        {
            return InsertOutcome.Occupied;
        }

        InsertOutcome outcome = TryReachTableLocked(page, Shift, ref spares);
        if (outcome != InsertOutcome.Inserted)
        {
            return outcome;
        }

        SparseNode? node = NodeAtLocked(page, Shift);
        int count = (node?.ChainCount ?? 0) + leaf.LiveCount;
        if (spares.Sparse is not { } fresh || fresh.Capacity <= count)
        {
            return spares.Lacks(NodeNeed.Sparse, Shift, SparseNode.CapacityFor(count));
        }

        spares.Sparse = null;
        node?.MoveTo(fresh, fresh.FirstPage, fresh.FirstPage + PageLeaf.PageCount);
        leaf.MoveTo(fresh);
        fresh.Sort();
        fresh.Older = SparseNode.WithoutEmpty(node);
        TableLocked(page, Shift).Set(SlotAt(page, Shift), fresh);
        PruneLocked(page);
        return InsertOutcome.Inserted;
    }

    /// <summary>Gives a sparse node that has lost most of its entries less room, or joins it with the one of the larger range.</summary>
    private InsertOutcome TryShrinkLocked(long page, SparseNode node, ref NodeSpares spares)
    {
        if (NodeAtLocked(page, node.Shift) != node || node.LiveCount == 0)
        {
            return InsertOutcome.Occupied;
        }

        int above = node.Shift + 6;
        if (node.ChainCount > MaxJoined || above > Math.Min(_root!.Shift, SparseNode.MaxShift)
            || NodeAtLocked(page, above) is { } larger && larger.ChainCount > MaxSparse / 2)
        {
            return TryRehouseLocked(page, node.Shift, node.Shift, ref spares);
        }

        InsertOutcome outcome = TryReachTableLocked(page, above, ref spares);
        if (outcome == InsertOutcome.Inserted)
        {
            outcome = TryRehouseLocked(page, above, node.Shift, ref spares);
        }

        if (outcome == InsertOutcome.Inserted)
        {
            PruneLocked(page);
        }

        return outcome;
    }
}

using Adit.Interop;

namespace Adit.Dax.Entries;

/// <content>Entries that go, and the nodes that go with them.</content>
internal sealed partial class EntryTree
{
    /// <summary>Takes an entry out, and the nodes that have none left. The caller has it locked, or has the mapping alone, and nobody
    /// has it pinned. Allocates nothing; see <see cref="Shrink"/>.</summary>
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

            long page = entry.Pages.First.Value;
            entry.Node.LiveCount--;
            Volatile.Write(ref _count, _count - 1);
            if (seen.IsDirty)
            {
                entry.Node.SetMark(entry.Slot, EntryMark.Dirty, isSet: false);
            }

            if (seen.Has(PageEntry.ToWrite))
            {
                entry.Node.SetMark(entry.Slot, EntryMark.ToWrite, isSet: false);
            }

            (entry.Node as SparseNode)?.Retire(entry.Slot);
            (entry.Node as LargeNode)?.ClearDirty(entry.Slot);
            if (seen.Has(PageEntry.Dirty | PageEntry.ToWrite))
            {
                RefreshMarksLocked(page);
            }

            if (entry.Node.LiveCount == 0)
            {
                PruneLocked(page);
            }

            return seen;
        }
    }

    /// <summary>Takes nodes without entries that stand for a page out of the tree.</summary>
    private void PruneLocked(long page)
    {
        if (_root is { } root && root.Covers(page))
        {
            Prune(root, page);
            if (root.IsBare)
            {
                Volatile.Write(ref _root, null);
            }
        }
    }

    private static void Prune(DirectoryNode directory, long page)
    {
        int slot = directory.SlotOf(page);
        Prune(ref directory.Sparse, slot);
        if (directory.Giants is { LiveCount: 0 })
        {
            directory.Giants = null;
        }

        if (directory.Child(slot) is DirectoryNode child)
        {
            Prune(child, page);
            if (child.IsBare)
            {
                directory.SetChild(slot, null);
            }
        }
        else if (directory.Child(slot) is ChunkNode chunks)
        {
            int chunk = ChunkNode.ChunkOf(page);
            Prune(ref chunks.Sparse, chunk);
            if (chunks.LeafOf(chunk) is { LiveCount: 0 })
            {
                chunks.SetLeaf(chunk, null);
            }

            if (chunks.IsBare)
            {
                directory.SetChild(slot, null);
            }
        }
    }

    private static void Prune(ref SparseTable table, int slot)
    {
        if (table[slot] is { } node)
        {
            SparseNode? left = SparseNode.WithoutEmpty(node);
            if (left != node)
            {
                table.Set(slot, left);
            }
        }
    }
}

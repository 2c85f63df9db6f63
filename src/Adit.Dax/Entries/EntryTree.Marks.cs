using System.Numerics;

namespace Adit.Dax.Entries;

/// <content>The marks, and the search by them.</content>
internal sealed partial class EntryTree
{
    /// <summary>Entries that one hold of the lock deals with.</summary>
    private const int MaxTaggedAtOnce = 1024;

    /// <summary>Makes an entry dirty, with what else is set and cleared at the same time. It must not be taken out meanwhile.</summary>
    public void MarkDirty(EntryRef entry, ulong alsoSet = 0)
    {
        using (_lock.Enter())
        {
            _ = entry.Change(PageEntry.Dirty | alsoSet, 0);
            SetMarkLocked(entry, EntryMark.Dirty);
        }
    }

    /// <summary>Makes an entry clean. It is locked and not writable, and everything stored to it is durable.</summary>
    public void MarkClean(EntryRef entry)
    {
        using (_lock.Enter())
        {
            if (entry.Change(0, PageEntry.Dirty).IsDirty)
            {
                ClearMarkLocked(entry, EntryMark.Dirty);
            }
        }
    }

    /// <summary>Takes the to-write mark off an entry.</summary>
    /// <returns>False if it had none.</returns>
    public bool TakeToWrite(EntryRef entry)
    {
        using (_lock.Enter())
        {
            if (!entry.Change(0, PageEntry.ToWrite).Has(PageEntry.ToWrite))
            {
                return false;
            }

            ClearMarkLocked(entry, EntryMark.ToWrite);
            return true;
        }
    }

    /// <summary>Marks everything that is dirty in a range as to write.</summary>
    public void TagToWrite(long firstPage, long endPage)
    {
        bool isMore = true;
        while (isMore)
        {
            using (_lock.Enter())
            {
                for (int i = 0; i < MaxTaggedAtOnce && isMore; i++)
                {
                    isMore = TryNextLocked(EntryMark.Dirty, firstPage, endPage, out EntryRef entry);
                    if (isMore)
                    {
                        _ = entry.Change(PageEntry.ToWrite, 0);
                        SetMarkLocked(entry, EntryMark.ToWrite);
                        firstPage = entry.Pages.End.Value;
                    }
                }
            }
        }
    }

    /// <summary>Finds the first entry with a mark in a range; a huge one counts where any of its pages lies in it.</summary>
    public bool TryNext(EntryMark mark, long firstPage, long endPage, out EntryRef entry)
    {
        using (_lock.Enter())
        {
            return TryNextLocked(mark, firstPage, endPage, out entry);
        }
    }

    private bool TryNextLocked(EntryMark mark, long firstPage, long endPage, out EntryRef entry)
    {
        entry = default;
        return _root is not null && firstPage < endPage && TryNextLocked(_root, 0, mark, firstPage, endPage, out entry);
    }

    private static bool TryNextLocked(
        DirectoryNode directory, long directoryPage, EntryMark mark, long firstPage, long endPage, out EntryRef entry)
    {
        int slot = firstPage <= directoryPage ? 0 : (int)Math.Min(EntryNode.SlotCount, (firstPage - directoryPage) >> directory.Shift);
        for (; slot < EntryNode.SlotCount; slot++)
        {
            long childPage = directoryPage + ((long)slot << directory.Shift);
            if (childPage >= endPage)
            {
                break;
            }

            if (IsMarked(directory, slot, mark) && (directory.IsLowest
                ? TryNextLocked((ChunkNode)directory.Child(slot)!, mark, firstPage, endPage, out entry)
                : TryNextLocked((DirectoryNode)directory.Child(slot)!, childPage, mark, firstPage, endPage, out entry)))
            {
                return true;
            }
        }

        entry = default;
        return false;
    }

    private static bool TryNextLocked(ChunkNode chunks, EntryMark mark, long firstPage, long endPage, out EntryRef entry)
    {
        int slot = (int)(Math.Max(0, firstPage - chunks.FirstPage) >> ChunkNode.ChunkShift);
        for (; slot < EntryNode.SlotCount && chunks.PagesAt(slot).First.Value < endPage; slot++)
        {
            if (mark != EntryMark.Live && !IsMarked(chunks, slot, mark))
            {
                continue;
            }

            if (!chunks.Read(slot).IsNone && (mark == EntryMark.Live || chunks.Read(slot).Has(FlagOf(mark))))
            {
                entry = new EntryRef(chunks, slot);
                return true;
            }

            long chunkPage = chunks.PagesAt(slot).First.Value;
            for (long page = Math.Max(chunkPage, firstPage) >> ChunkNode.LeafShift << ChunkNode.LeafShift;
                page < Math.Min(endPage, chunkPage + (1 << ChunkNode.ChunkShift)) && chunks.HasLeafTable;
                page += EntryNode.SlotCount)
            {
                if (chunks.LeafOf(page) is { } leaf && TryNextLocked(leaf, mark, firstPage, endPage, out entry))
                {
                    return true;
                }
            }
        }

        entry = default;
        return false;
    }

    private static bool TryNextLocked(EntryNode leaf, EntryMark mark, long firstPage, long endPage, out EntryRef entry)
    {
        entry = default;
        int first = (int)Math.Max(0, firstPage - leaf.FirstPage);
        int end = (int)Math.Min(EntryNode.SlotCount, endPage - leaf.FirstPage);
        if (mark != EntryMark.Live)
        {
            ulong marks = mark == EntryMark.Dirty ? leaf.Dirty : leaf.ToWrite;
            marks &= ulong.MaxValue << first;
            int slot = BitOperations.TrailingZeroCount(marks);
            entry = new EntryRef(leaf, slot);
            return slot < end;
        }

        for (int slot = first; slot < end; slot++)
        {
            if (!leaf.Read(slot).IsNone)
            {
                entry = new EntryRef(leaf, slot);
                return true;
            }
        }

        return false;
    }

    private static ulong FlagOf(EntryMark mark) => mark == EntryMark.Dirty ? PageEntry.Dirty : PageEntry.ToWrite;

    private static bool IsMarked(DirectoryNode directory, int slot, EntryMark mark) => mark switch
    {
        EntryMark.Dirty => (directory.Dirty >> slot & 1) != 0,
        EntryMark.ToWrite => (directory.ToWrite >> slot & 1) != 0,
        _ => directory.Child(slot) is not null,
    };

    private static bool IsMarked(EntryNode node, int slot, EntryMark mark) =>
        ((mark == EntryMark.Dirty ? node.Dirty : node.ToWrite) >> slot & 1) != 0;

    private void SetMarkLocked(EntryRef entry, EntryMark mark)
    {
        long page = entry.Pages.First.Value;
        SetBit(entry.Node, entry.Slot, mark);
        DirectoryNode directory = _root!;
        while (true)
        {
            int slot = directory.SlotOf(page);
            if (mark == EntryMark.Dirty)
            {
                directory.Dirty |= 1UL << slot;
            }
            else
            {
                directory.ToWrite |= 1UL << slot;
            }

            if (directory.IsLowest)
            {
                ChunkNode chunks = (ChunkNode)directory.Child(slot)!;
                SetBit(chunks, (int)(page >> ChunkNode.ChunkShift) & (EntryNode.SlotCount - 1), mark);
                return;
            }

            directory = (DirectoryNode)directory.Child(slot)!;
        }
    }

    private static void SetBit(EntryNode node, int slot, EntryMark mark)
    {
        if (mark == EntryMark.Dirty)
        {
            node.Dirty |= 1UL << slot;
        }
        else
        {
            node.ToWrite |= 1UL << slot;
        }
    }

    private void ClearMarkLocked(EntryRef entry, EntryMark mark)
    {
        long page = entry.Pages.First.Value;
        ClearBit(entry.Node, entry.Slot, mark);
        ChunkNode chunks = entry.Node as ChunkNode ?? FindChunkNode(page)!;
        int chunkSlot = (int)(page >> ChunkNode.ChunkShift) & (EntryNode.SlotCount - 1);
        if (entry.IsHuge || !HasMarkedLeaf(chunks, page, mark))
        {
            ClearBit(chunks, chunkSlot, mark);
        }

        if ((mark == EntryMark.Dirty ? chunks.Dirty : chunks.ToWrite) == 0)
        {
            ClearMarkLocked(_root!, page, mark);
        }
    }

    private static void ClearBit(EntryNode node, int slot, EntryMark mark)
    {
        if (mark == EntryMark.Dirty)
        {
            node.Dirty &= ~(1UL << slot);
        }
        else
        {
            node.ToWrite &= ~(1UL << slot);
        }
    }

    private static bool HasMarkedLeaf(ChunkNode chunks, long page, EntryMark mark)
    {
        long first = page >> ChunkNode.ChunkShift << ChunkNode.ChunkShift;
        for (int i = 0; i < ChunkNode.LeavesPerChunk; i++)
        {
            if (chunks.LeafOf(first + (i << ChunkNode.LeafShift)) is { } leaf && (mark == EntryMark.Dirty ? leaf.Dirty : leaf.ToWrite) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Clears the mark of a child in which nothing is marked any more, and so on upwards.</summary>
    /// <returns>True if nothing in the directory is marked any more.</returns>
    private static bool ClearMarkLocked(DirectoryNode directory, long page, EntryMark mark)
    {
        int slot = directory.SlotOf(page);
        if (directory.IsLowest || ClearMarkLocked((DirectoryNode)directory.Child(slot)!, page, mark))
        {
            if (mark == EntryMark.Dirty)
            {
                directory.Dirty &= ~(1UL << slot);
            }
            else
            {
                directory.ToWrite &= ~(1UL << slot);
            }
        }

        return (mark == EntryMark.Dirty ? directory.Dirty : directory.ToWrite) == 0;
    }
}

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
            PageEntry seen = entry.Change(PageEntry.Dirty | alsoSet, 0);
            if (!seen.IsDirty)
            {
                entry.Node.SetMark(entry.Slot, EntryMark.Dirty, isSet: true);
                RefreshMarksLocked(entry.Pages.First.Value);
            }
        }
    }

    /// <summary>Makes an entry clean. It is locked and not writable, and everything stored to it is durable.</summary>
    public void MarkClean(EntryRef entry)
    {
        using (_lock.Enter())
        {
            if (entry.Change(0, PageEntry.Dirty).IsDirty)
            {
                entry.Node.SetMark(entry.Slot, EntryMark.Dirty, isSet: false);
                RefreshMarksLocked(entry.Pages.First.Value);
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

            entry.Node.SetMark(entry.Slot, EntryMark.ToWrite, isSet: false);
            RefreshMarksLocked(entry.Pages.First.Value);
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
                        if (!entry.Change(PageEntry.ToWrite, 0).Has(PageEntry.ToWrite))
                        {
                            entry.Node.SetMark(entry.Slot, EntryMark.ToWrite, isSet: true);
                            RefreshMarksLocked(entry.Pages.First.Value);
                        }

                        firstPage = entry.Pages.End.Value;
                    }
                }
            }
        }
    }

    /// <summary>Finds the first entry with a mark in a range; a large one counts where any of its pages lies in it.</summary>
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
        entry = default;
        int slot = firstPage <= directoryPage ? 0 : (int)Math.Min(DirectoryNode.SlotCount, (firstPage - directoryPage) >> directory.Shift);
        for (slot = directory.NextMarked(mark, slot); slot < DirectoryNode.SlotCount; slot = directory.NextMarked(mark, slot + 1))
        {
            long childPage = directoryPage + ((long)slot << directory.Shift);
            if (childPage >= endPage)
            {
                break;
            }

            if (directory.HasGiant(slot, mark, out entry))
            {
                return true;
            }

            // What lies alone and what the child has may be mixed.
            entry = default;
            if (directory.Sparse[slot] is { } sparse && sparse.TryNext(mark, firstPage, endPage, out EntryRef single))
            {
                entry = single;
                endPage = single.Pages.First.Value;
            }

            EntryRef found = default;
            bool hasFound = directory.Child(slot) switch
            {
                DirectoryNode child => TryNextLocked(child, childPage, mark, firstPage, endPage, out found),
                ChunkNode chunks => chunks.TryNext(mark, firstPage, endPage, out found),
                _ => false,
            };
            if (hasFound)
            {
                entry = found;
            }

            if (entry.Node is not null)
            {
                return true;
            }
        }

        entry = default;
        return false;
    }

    /// <summary>Makes the marks above a page those of what is below them.</summary>
    private void RefreshMarksLocked(long page)
    {
        if (_root is { } root && root.Covers(page))
        {
            RefreshMarks(root, page);
        }
    }

    private static void RefreshMarks(DirectoryNode directory, long page)
    {
        int slot = directory.SlotOf(page);
        switch (directory.Child(slot))
        {
            case DirectoryNode child:
                RefreshMarks(child, page);
                break;
            case ChunkNode chunks:
                chunks.RefreshMarks(ChunkNode.ChunkOf(page));
                break;
        }

        directory.RefreshMarks(slot);
    }
}

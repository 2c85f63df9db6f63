using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Testing;

namespace Adit.Dax.Mappings;

/// <content>The lock of an entry: a bit in it.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Locks the entry that stands for a page, or puts a locked, empty one in its place. The mapping is held shared.</summary>
    /// <param name="page">The page.</param>
    /// <param name="largest">If there is none for any page of it: one for that much, or else the next less.</param>
    /// <param name="isDense">All pages of the chunk are about to be mapped.</param>
    private EntryRef LockEntry(PageIndex page, EntrySize largest, bool isDense)
    {
        _entryBit.BeforeEnter();
        while (true)
        {
            if (_tree.TryFind(page.Value, out EntryRef entry) && !IsOverlooked(entry, page))
            {
                if (TryLock(entry))
                {
                    _entryBit.Entered();
                    return entry;
                }

                if (entry.Read().IsLocked)
                {
                    SleepFor(entry);
                }
            }
            else if (TryPlace(page, entry.Node is null ? largest : EntrySize.Page, isDense, out entry))
            {
                _entryBit.Entered();
                return entry;
            }
        }
    }

    /// <summary>A deliberate defect: odd pages do not see the huge entry of their chunk.</summary>
    private bool IsOverlooked(EntryRef entry, PageIndex page) =>
        _broken == DaxBrokenVariant.BothSizesLive && entry.IsLarge && (page.Value & 1) != 0;

    private bool TryPlace(PageIndex page, EntrySize largest, bool isDense, out EntryRef entry)
    {
        PageEntry empty = new(PageEntry.Locked);
        bool allowsBoth = _broken == DaxBrokenVariant.BothSizesLive;
        for (EntrySize size = largest; size > EntrySize.Page; size--)
        {
            if (_tree.TryInsert(page.Value, size, empty, allowsBoth, out entry))
            {
                return true;
            }
        }

        return _tree.TryInsert(page.Value, EntrySize.Page, empty, allowsBoth, out entry, isDense);
    }

    /// <summary>Locks an entry if it is there and free, without a word to the lock checker.</summary>
    private static bool TryLock(EntryRef entry)
    {
        while (true)
        {
            PageEntry seen = entry.Read();
            if (seen.IsNone || seen.IsLocked)
            {
                return false;
            }

            if (entry.TrySwap(seen, seen.With(PageEntry.Locked)))
            {
                return true;
            }
        }
    }

    private void SleepFor(EntryRef entry)
    {
        _counters.CountEntryWait();
        Reach(DaxPoint.BeforeSleep);
        _entryBit.BeginWait();
        EntryWaits.WaitForLock(entry);
        _entryBit.EndWait();
    }

    /// <summary>Unlocks an entry; an empty one goes away.</summary>
    private void Unlock(EntryRef entry)
    {
        UnlockQuietly(entry);
        _entryBit.Exiting();
    }

    private void UnlockQuietly(EntryRef entry)
    {
        if (entry.Read().Kind == EntryKind.Empty)
        {
            RemoveEntry(entry, givesBack: false);
        }
        else if (entry.Change(0, PageEntry.Locked).Has(PageEntry.Contended) && _broken != DaxBrokenVariant.WakeUpLost)
        {
            EntryWaits.WakeOne(entry);
        }
    }

    /// <param name="entry">Locked, or the mapping is held alone.</param>
    /// <param name="givesBack">Memory that is no longer needed is given back: allocates smaller nodes.</param>
    private void RemoveEntry(EntryRef entry, bool givesBack)
    {
        PageEntry removed = _tree.Remove(entry);
        if (givesBack)
        {
            _tree.Shrink(entry);
        }

        if (_broken != DaxBrokenVariant.WakeUpLost)
        {
            EntryWaits.WakeForRemoval(entry, removed);
        }
    }
}

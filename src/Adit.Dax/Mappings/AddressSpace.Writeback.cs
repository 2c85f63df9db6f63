using System.Numerics;
using System.Runtime.CompilerServices;
using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Testing;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Mappings;

/// <content>Write-back, for fsync and msync alike. In two phases: what is dirty now is chosen, then the chosen is written; what becomes dirty
/// later is not chased. Of each entry: lock, take write access back, write its lines back, fence, make it clean, unlock. So of two
/// write-backs at once, the second waits for the first where they meet.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Entries that share a fence.</summary>
    private const int BatchSize = 64;

    private readonly WritebackErrors _errors = new();

    /// <summary>Makes everything that was stored to a range before the call durable, and what is needed to reach it. Costs what is dirty,
    /// not what is mapped.</summary>
    /// <param name="pages">The range; a huge page of which any part lies in it is written as a whole.</param>
    /// <param name="cursor">The handle's: it is told of each failure once, also of those that other calls met.</param>
    /// <returns>EIO, ENOSPC, EDQUOT. What failed stays dirty.</returns>
    public Errno Sync(PageRange pages, ref ErrorCursor cursor)
    {
        Errno errno = Writeback(pages);
        if (errno == Errno.Success)
        {
            errno = Layout.MakeDurable(pages);
            if (errno != Errno.Success)
            {
                _ = Failed(errno);
            }
        }

        Errno reported = _errors.Take(ref cursor);
        return reported != Errno.Success ? reported : errno;
    }

    /// <summary>For a handle that is being opened: it is not told of failures before.</summary>
    public ErrorCursor OpenCursor() => _errors.Open();

    /// <summary>Makes the bytes of a range durable, not the metadata. Failures are kept for every handle.</summary>
    public Errno Writeback(PageRange pages)
    {
        if (IsEmpty || pages.IsEmpty)
        {
            return Errno.Success;
        }

        EnterCollecting(pages);
        try
        {
            _tree.TagToWrite(pages.First.Value, pages.End.Value);
            Reach(DaxPoint.WritebackTagged);
            WriteTaggedLocked(pages);
            return Errno.Success;
        }
        catch (MediumException failure)
        {
            return Failed(failure.Errno);
        }
        finally
        {
            _mapping.ExitShared();
        }
    }

    private void WriteTaggedLocked(PageRange pages)
    {
        EntryBatch batch = default;
        long page = pages.First.Value;
        bool hasWritten = false;
        while (_tree.TryNext(EntryMark.ToWrite, page, pages.End.Value, out EntryRef first))
        {
            _entryBit.BeforeEnter();
            if (!TryLock(first))
            {
                if (first.Read().IsLocked)
                {
                    SleepFor(first);

                    // It may be written by now and passed over. But whoever is woken owes the next one a wake-up: that of an unlock.
                    if (TryLock(first))
                    {
                        UnlockQuietly(first);
                    }
                }

                continue;
            }

            _entryBit.Entered();
            int count = 0;
            try
            {
                FillBatch(first, pages, ref batch, ref count, out page);
                hasWritten |= count != 0;
                Finish(batch, count);
            }
            finally
            {
                for (int i = 0; i < count; i++)
                {
                    UnlockQuietly(batch[i].Entry);
                }

                _entryBit.Exiting();
            }
        }

        if (hasWritten)
        {
            _counters.CountWriteback();
        }
    }

    /// <summary>Locks and writes back as many chosen entries as can be had without waiting, from a locked one on.</summary>
    /// <param name="count">Entries in the batch: right at every moment, so that they are unlocked whatever fails.</param>
    /// <param name="page">Where to go on.</param>
    private void FillBatch(EntryRef first, PageRange pages, ref EntryBatch batch, ref int count, out long page)
    {
        EntryRef entry = first;
        do
        {
            page = entry.Pages.End.Value;
            bool isHeld = true;
            try
            {
                if (_tree.TakeToWrite(entry) && entry.Read().IsDirty)
                {
                    batch[count] = WriteOne(entry, pages);
                    count++;
                    isHeld = false;
                }
            }
            finally
            {
                if (isHeld)
                {
                    UnlockQuietly(entry);
                }
            }

            if (_broken == DaxBrokenVariant.ToWriteLost)
            {
                ForgetChosen(pages);
            }
        }
        while (count < BatchSize && _tree.TryNext(EntryMark.ToWrite, page, pages.End.Value, out entry) && TryLock(entry));
    }

    private void ForgetChosen(PageRange pages)
    {
        while (_tree.TryNext(EntryMark.ToWrite, pages.First.Value, pages.End.Value, out EntryRef entry))
        {
            _ = _tree.TakeToWrite(entry);
            _tree.MarkClean(entry);
        }
    }

    /// <summary>Takes write access to a locked entry back and writes its dirty lines back.</summary>
    private WrittenEntry WriteOne(EntryRef entry, PageRange pages)
    {
        bool staysDirty = !TryTakeWriteAccess(entry);
        if (_broken == DaxBrokenVariant.DirtyClearedBeforeFlush)
        {
            _tree.MarkClean(entry);
        }

        MarkStored(entry, _broken == DaxBrokenVariant.HugeCleanedByPart ? pages : entry.Pages);
        return new WrittenEntry(entry, staysDirty);
    }

    /// <summary>Takes write access back, unless somebody holds a pin for writing: they may store at any time, so the entry stays
    /// writable and dirty.</summary>
    private bool TryTakeWriteAccess(EntryRef entry)
    {
        while (true)
        {
            PageEntry seen = entry.Read();
            if (seen.IsWritePinned && _broken != DaxBrokenVariant.WritePinCleaned)
            {
                return false;
            }

            if (_broken == DaxBrokenVariant.WriteAccessKept || entry.TrySwap(seen, seen.Without(PageEntry.Writable)))
            {
                return true;
            }
        }
    }

    /// <summary>Hands an entry's bytes to the medium to be written back; of a large one those of the pages stored to.</summary>
    /// <param name="entry">Locked, or the mapping is held alone.</param>
    /// <param name="pages">Others are left out.</param>
    private void MarkStored(EntryRef entry, PageRange pages)
    {
        long offsetBytes = entry.Read().Page.OffsetBytes;
        if (!entry.IsLarge)
        {
            MarkStored(offsetBytes, PageIndex.PageBytes);
            return;
        }

        const int ChunkPages = 1 << ChunkNode.ChunkShift;
        LargeNode node = entry.Large;
        PageRange wanted = entry.Pages.Intersect(pages);
        long wantedFirst = wanted.First - entry.Pages.First;
        long wantedEnd = wanted.End - entry.Pages.First;
        for (int chunk = (int)(wantedFirst / ChunkPages); (long)chunk * ChunkPages < wantedEnd; chunk++)
        {
            long chunkStart = (long)chunk * ChunkPages;
            int end = (int)Math.Min(ChunkPages, wantedEnd - chunkStart);
            DirtyPages stored = node.DirtyAt(entry.Slot, chunk);
            for (int page = (int)Math.Max(0, wantedFirst - chunkStart); page < end && stored.TryNext(page, out int first, out int count) && first < end;)
            {
                page = Math.Min(first + count, end);
                MarkStored(offsetBytes + ((chunkStart + first) * PageIndex.PageBytes), (long)(page - first) * PageIndex.PageBytes);
            }
        }
    }

    private void MarkStored(long offsetBytes, long lengthBytes)
    {
        _medium.MarkStored(offsetBytes, lengthBytes);
        _counters.CountFlushed(lengthBytes);
    }

    /// <summary>Waits until a batch is durable, then makes its entries clean.</summary>
    private void Finish(in EntryBatch batch, int count)
    {
        if (count == 0)
        {
            return;
        }

        Reach(DaxPoint.WritebackBeforeFence);
        if (_broken != DaxBrokenVariant.FenceSkipped)
        {
            _medium.Fence();
        }

        Reach(DaxPoint.WritebackFenced);
        for (int i = 0; i < count; i++)
        {
            if (!batch[i].StaysDirty)
            {
                (batch[i].Entry.Node as LargeNode)?.ClearDirty(batch[i].Entry.Slot);
                _tree.MarkClean(batch[i].Entry);
            }
        }
    }

    private Errno Failed(Errno errno)
    {
        if (_broken != DaxBrokenVariant.ErrorForgotten)
        {
            _errors.Add(errno);
        }

        return errno;
    }

    private readonly record struct WrittenEntry(EntryRef Entry, bool StaysDirty);

    [InlineArray(BatchSize)]
    private struct EntryBatch
    {
        private WrittenEntry _first;
    }
}

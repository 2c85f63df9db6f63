using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit;

/// <summary>What becomes of inodes without names.</summary>
public sealed partial class Volume
{
    /// <summary>Removes an inode that nothing keeps; the caller's use ends with it. When it fails, the orphan record stays and the
    /// next opening tries again.</summary>
    private void Remove(Inode inode)
    {
        using (new ExclusiveScope(inode.Lock))
        {
            if (IsFrozen)
            {
                _context.RemoveLater(inode);
                return;
            }

            if (inode.Record.LinkCount == 0 && !inode.IsGone && !IsReadOnly && !_isClosed)
            {
                try
                {
                    // What can go wrong here the store remembers as its failure; no caller is left who could be told.
                    _ = _data.RemoveLocked(inode);
                }
                catch (Exception exception) when (VolumeContext.IsOutcome(exception, out _))
                {
                    inode.Extents.Clear();
                }
            }
        }

        _context.Inodes.Release(inode);
        RemoveLeftOvers();
    }

    /// <summary>Deals with what was left by those who held locks, or who found them taken.</summary>
    private void RemoveLeftOvers()
    {
        if (IsFrozen)
        {
            // Whoever thaws it comes here.
            return;
        }

        for (Inode? mapped = _context.TakeMappingsLeft(); mapped is not null;)
        {
            Inode inode = mapped;
            mapped = _context.NextMappingLeft(inode);
            CloseMapping(inode);
        }

        // A freeze that comes meanwhile puts back what is taken here.
        while (!IsFrozen && _context.TryTakeUnnamed(out Inode? inode))
        {
            Remove(inode);
        }
    }

    /// <summary>Goes through the orphan records: removes inodes that nothing keeps, and finishes truncations. Those that are in use
    /// are left to their last user.</summary>
    /// <param name="budget">How long it may take; the rest is for the next call.</param>
    /// <returns>True when it came to the end.</returns>
    private bool CleanOrphans(TimeSpan budget)
    {
        long started = _context.Store.Options.Time.GetTimestamp();
        while (TryGetNextOrphan(ref _nextOrphan, out InodeNumber number))
        {
            CleanOrphan(number);
            if (_context.Store.Options.Time.GetElapsedTime(started) > budget)
            {
                return false;
            }
        }

        _context.HasOrphansLeft = false;
        return true;
    }

    private ulong _nextOrphan;

    private bool TryGetNextOrphan(ref ulong next, out InodeNumber number)
    {
        using TreeReader tree = _context.Store.Read();
        if (!tree.TryGetAtOrAbove(OrphanRecord.Key(new InodeNumber(next)), out TreeKey found, out ReadOnlySpan<byte> value)
            || found.Inode != InodeNumber.Volume || found.Kind != RecordKind.Orphan)
        {
            number = default;
            return false;
        }

        if (!OrphanRecord.TryRead(value, out _))
        {
            throw new TreeDamagedException($"{found}: not a valid orphan record");
        }

        number = new InodeNumber(found.Offset);
        next = found.Offset + 1;
        return true;
    }

    private void CleanOrphan(InodeNumber number)
    {
        if (Use(number, out Inode? inode) != Errno.Success)
        {
            ForgetOrphan(number);
            return;
        }

        using (new ExclusiveScope(inode!.Lock))
        {
            // The inode knows whether a truncation is left: the record may be that of one that has come to its end since.
            if (!inode.IsGone && inode.Record.LinkCount != 0)
            {
                _data.FinishTruncationLocked(inode);
            }
        }

        Release(inode);
    }

    private void ForgetOrphan(InodeNumber number)
    {
        if (_context.Store.Begin(out Transaction transaction, TransactionSize.Freeing) == Errno.Success)
        {
            using TransactionScope open = new(transaction);
            transaction.Delete(OrphanRecord.Key(number));
            transaction.Commit();
        }
    }
}

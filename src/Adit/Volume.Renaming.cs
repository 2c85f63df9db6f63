using Adit.Directories;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit;

/// <summary>renameat2(2), with Linux's order of checks.</summary>
public sealed partial class Volume
{
    private const RenameFlags KnownRenameFlags = RenameFlags.NoReplace | RenameFlags.Exchange | RenameFlags.Whiteout;

    /// <inheritdoc/>
    public Errno Rename(
        InodeNumber parent, ReadOnlySpan<byte> name, InodeNumber newParent, ReadOnlySpan<byte> newName, RenameFlags flags)
    {
        Errno errno = CheckRename(name, newName, flags);
        if (errno != Errno.Success)
        {
            return errno;
        }

        Inode? from = null;
        Inode? to = null;
        Inode? source = null;
        Inode? target = null;
        try
        {
            errno = Use(parent, out from);
            if (errno == Errno.Success)
            {
                errno = Use(newParent, out to);
            }

            if (errno == Errno.Success)
            {
                errno = RenameBetween(from!, name, to!, newName, flags, out source, out target);
            }

            _context.Changes.WaitUntilTold();
            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            return errno;
        }
        finally
        {
            Release(target);
            Release(source);
            Release(to);
            Release(from);
        }
    }

    private Errno CheckRename(ReadOnlySpan<byte> name, ReadOnlySpan<byte> newName, RenameFlags flags)
    {
        if ((flags & ~KnownRenameFlags) != 0
            || ((flags & RenameFlags.Exchange) != 0 && (flags & (RenameFlags.NoReplace | RenameFlags.Whiteout)) != 0))
        {
            return Errno.EINVAL;
        }

        Errno errno = CheckWritable();
        if (errno == Errno.Success)
        {
            errno = EntryName.Check(name);
        }

        if (errno == Errno.Success)
        {
            errno = EntryName.Check(newName);
        }

        if (errno != Errno.Success || !(EntryName.IsDots(name) || EntryName.IsDots(newName)))
        {
            return errno;
        }

        return (flags & RenameFlags.NoReplace) != 0 && !EntryName.IsDots(name) ? Errno.EEXIST : Errno.EBUSY;
    }

    private Errno RenameBetween(
        Inode from,
        ReadOnlySpan<byte> name,
        Inode to,
        ReadOnlySpan<byte> newName,
        RenameFlags flags,
        out Inode? source,
        out Inode? target)
    {
        source = null;
        target = null;
        using ChangeScope names = new(_namespace, _context.Freezing);
        Errno errno = FindForRenameLocked(from, name, to, newName, flags, out DirectoryHit oldHit, out DirectoryHit newHit);
        if (errno != Errno.Success)
        {
            return errno;
        }

        if (newHit.Exists && newHit.Inode == oldHit.Inode)
        {
            return Errno.Success;
        }

        errno = Use(oldHit.Inode, out source);
        if (errno == Errno.Success && newHit.Exists)
        {
            errno = Use(newHit.Inode, out target);
        }

        if (errno != Errno.Success)
        {
            return errno == Errno.ESTALE ? Errno.EIO : errno;
        }

        if (oldHit.LeadsOn || (newHit.Exists && newHit.LeadsOn))
        {
            _directories.Clear();
        }

        using InodeLocks locks = new(from, to, source, target);
        errno = CheckFlagsLocked(from, to, source!, target, exchanges: (flags & RenameFlags.Exchange) != 0);
        if (errno != Errno.Success)
        {
            return errno;
        }

        errno = (flags & RenameFlags.Exchange) != 0
            ? ExchangeLocked(from, name, to, newName, source!, target!, oldHit, newHit)
            : MoveLocked(from, name, to, newName, source!, target, oldHit, newHit, (flags & RenameFlags.Whiteout) != 0);
        if (errno == Errno.Success)
        {
            _context.Changes.Entry(from.Number, name);
            _context.Changes.Entry(to.Number, newName);
            _context.Changes.Attributes(source!.Number);
            if (target is not null)
            {
                _context.Changes.Attributes(target.Number);
            }
        }

        return errno;
    }

    /// <summary>Whether the flags of the directories, and of what they name, allow it.</summary>
    private static Errno CheckFlagsLocked(Inode from, Inode to, Inode source, Inode? target, bool exchanges)
    {
        Errno errno = FlagRules.CheckRemoving(in from.Record, in source.Record);
        if (errno == Errno.Success)
        {
            errno = target is null ? FlagRules.CheckJoining(in to.Record, in source.Record) : FlagRules.CheckRemoving(in to.Record, in target.Record);
        }

        if (errno == Errno.Success && target is not null)
        {
            errno = FlagRules.CheckJoining(in to.Record, in source.Record);
        }

        return errno == Errno.Success && exchanges ? FlagRules.CheckJoining(in from.Record, in target!.Record) : errno;
    }

    /// <summary>Finds both entries and decides whether the rename is allowed.</summary>
    private Errno FindForRenameLocked(
        Inode from,
        ReadOnlySpan<byte> name,
        Inode to,
        ReadOnlySpan<byte> newName,
        RenameFlags flags,
        out DirectoryHit oldHit,
        out DirectoryHit newHit)
    {
        oldHit = default;
        newHit = default;
        Errno errno = CheckDirectoryLocked(from);
        if (errno == Errno.Success)
        {
            errno = CheckDirectoryLocked(to);
        }

        if (errno != Errno.Success)
        {
            return errno;
        }

        bool exchanges = (flags & RenameFlags.Exchange) != 0;
        using TreeReader tree = _context.Store.Read();
        oldHit = DirectoryEntries.Find(in tree, in _context.Names, from.Number, name);
        newHit = DirectoryEntries.Find(in tree, in _context.Names, to.Number, newName);
        if (!oldHit.Exists)
        {
            return Errno.ENOENT;
        }

        if (!newHit.Exists)
        {
            if (exchanges)
            {
                return Errno.ENOENT;
            }

            return oldHit.IsDirectory && IsSelfOrAbove(in tree, oldHit.Inode, to.Number) ? Errno.EINVAL
                : newHit.HasRoom ? Errno.Success : Errno.ENOSPC;
        }

        if ((flags & RenameFlags.NoReplace) != 0)
        {
            return Errno.EEXIST;
        }

        if (oldHit.IsDirectory && IsSelfOrAbove(in tree, oldHit.Inode, to.Number))
        {
            return Errno.EINVAL;
        }

        if (newHit.IsDirectory && IsSelfOrAbove(in tree, newHit.Inode, from.Number))
        {
            return exchanges ? Errno.EINVAL : Errno.ENOTEMPTY;
        }

        if (exchanges || newHit.Inode == oldHit.Inode)
        {
            return Errno.Success;
        }

        if (oldHit.IsDirectory != newHit.IsDirectory)
        {
            return oldHit.IsDirectory ? Errno.ENOTDIR : Errno.EISDIR;
        }

        return newHit.IsDirectory && !DirectoryEntries.IsEmpty(in tree, newHit.Inode) ? Errno.ENOTEMPTY : Errno.Success;
    }

    /// <summary>Whether a directory is another one, or one of those that lead to it.</summary>
    private static bool IsSelfOrAbove(in TreeReader tree, InodeNumber above, InodeNumber directory)
    {
        while (directory != above)
        {
            if (directory == InodeNumber.Root || !TryReadRecord(in tree, directory, out InodeRecord record))
            {
                return false;
            }

            directory = new InodeNumber(record.Parent);
        }

        return true;
    }

    private Errno MoveLocked(
        Inode from,
        ReadOnlySpan<byte> name,
        Inode to,
        ReadOnlySpan<byte> newName,
        Inode source,
        Inode? target,
        DirectoryHit oldHit,
        DirectoryHit newHit,
        bool leavesWhiteout)
    {
        Timestamp now = _context.Now();
        NameDrop drop = target is null ? default : new NameDrop(_context, _data, target, _context.Inodes.IsUsedOnce(target), now);
        Errno errno = _context.Store.Begin(out Transaction transaction, TransactionSize.Usual);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        RenameRecords records = new(from, to, source, now);
        DeleteEntry(transaction, ref records.From, from.Number, oldHit.Offset, name, now);
        records.From.LinkCount -= oldHit.IsDirectory ? 1u : 0;
        if (_context.Broken == BrokenVariant.RenameInTwoRecords)
        {
            transaction.Put(InodeRecord.Key(from.Number), records.From.AsBytes());
            transaction.Commit();
            Metadata.Invariant.That(_context.Store.Begin(out transaction) == Errno.Success, "a broken variant has room");
        }

        if (leavesWhiteout)
        {
            errno = PutWhiteout(transaction, ref records.From, from, oldHit.Offset, name, in source.Record, now);
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        ref InodeRecord toRecord = ref records.To;
        if (target is not null)
        {
            toRecord.SizeBytes -= DirectoryEntryRecord.SizeBytes(newName.Length);
            toRecord.LinkCount -= newHit.IsDirectory ? 1u : 0;
            drop.PutWithin(transaction);
        }

        toRecord.LinkCount += oldHit.IsDirectory ? 1u : 0;
        PutEntry(transaction, ref toRecord, to.Number, newHit.Offset, source.Number, oldHit.TypeBits, newName, now);
        records.Source.Parent = to.Number.Value;
        records.PutWithin(transaction);
        transaction.Commit();
        records.Committed();
        if (target is not null)
        {
            drop.Committed();
        }

        SyncNames(in from.Record);
        SyncNames(in to.Record);
        return Errno.Success;
    }

    private Errno ExchangeLocked(
        Inode from,
        ReadOnlySpan<byte> name,
        Inode to,
        ReadOnlySpan<byte> newName,
        Inode source,
        Inode target,
        DirectoryHit oldHit,
        DirectoryHit newHit)
    {
        Errno errno = _context.Store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        Timestamp now = _context.Now();
        RenameRecords records = new(from, to, source, now);
        target.Settle(now);
        InodeRecord targetRecord = target.Record;
        targetRecord.SetChangeTime(now);
        targetRecord.Parent = from.Number.Value;
        records.Source.Parent = to.Number.Value;
        DeleteEntry(transaction, ref records.From, from.Number, oldHit.Offset, name, now);
        DeleteEntry(transaction, ref records.To, to.Number, newHit.Offset, newName, now);
        PutEntry(transaction, ref records.From, from.Number, oldHit.Offset, target.Number, newHit.TypeBits, name, now);
        PutEntry(transaction, ref records.To, to.Number, newHit.Offset, source.Number, oldHit.TypeBits, newName, now);
        if (oldHit.IsDirectory != newHit.IsDirectory)
        {
            uint gained = oldHit.IsDirectory ? 1u : uint.MaxValue;
            records.To.LinkCount += gained;
            records.From.LinkCount -= gained;
        }

        records.PutWithin(transaction);
        transaction.Put(InodeRecord.Key(target.Number), targetRecord.AsBytes());
        transaction.Commit();
        records.Committed();
        target.Recorded(in targetRecord);
        SyncNames(in from.Record);
        SyncNames(in to.Record);
        return Errno.Success;
    }

    /// <summary>Leaves a character device 0:0 where an entry was, which an overlay takes for a deletion.</summary>
    private Errno PutWhiteout(
        Transaction transaction,
        ref InodeRecord directory,
        Inode from,
        ulong offset,
        ReadOnlySpan<byte> name,
        in InodeRecord moved,
        Timestamp now)
    {
        InodeRecord whiteout = NewRecord((uint)FileType.CharacterDevice, new Caller(moved.UserId, moved.GroupId));
        Inherit(ref whiteout, in directory, from.Number);
        Errno errno = _context.Quotas.CheckWithin(transaction, in whiteout, 0, 1);
        if (errno != Errno.Success)
        {
            return errno;
        }

        InodeNumber number = new(_context.Store.NextInodeNumber());
        PutEntry(transaction, ref directory, from.Number, offset, number, (uint)FileType.CharacterDevice, name, now);
        transaction.Put(InodeRecord.Key(number), whiteout.AsBytes());
        _context.InodeCount.Made();
        return Errno.Success;
    }
}

using System.Runtime.CompilerServices;
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

/// <summary>Taking names away.</summary>
public sealed partial class Volume
{
    /// <summary>The inode that went with the name taken away last, with its use, which the next one to take a name away ends. Ended at once,
    /// it would wait, for the lock of the table, until the record just written has drained to the medium; later that costs nothing.
    /// Guarded by the namespace's lock.</summary>
    private Inode? _lastRemoved;

    /// <inheritdoc/>
    public Errno Unlink(InodeNumber parent, ReadOnlySpan<byte> name) => RemoveName(parent, name, isDirectory: false);

    /// <inheritdoc/>
    public Errno RemoveDirectory(InodeNumber parent, ReadOnlySpan<byte> name) => RemoveName(parent, name, isDirectory: true);

    private Errno RemoveName(InodeNumber parent, ReadOnlySpan<byte> name, bool isDirectory)
    {
        Errno errno = CheckOldName(name, isDirectory);
        if (errno != Errno.Success)
        {
            return errno;
        }

        Inode? directory = null;
        Inode? child = null;
        try
        {
            errno = Use(parent, out directory);
            if (errno != Errno.Success)
            {
                return errno;
            }

            using (new ChangeScope(_namespace, _context.Freezing))
            {
                errno = RemoveNameLocked(directory!, name, isDirectory, out child);
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
            Release(child);
            Release(directory);
        }
    }

    /// <summary>Why a name cannot be taken away, before anything is looked at.</summary>
    private Errno CheckOldName(ReadOnlySpan<byte> name, bool isDirectory)
    {
        Errno errno = CheckWritable();
        if (errno == Errno.Success)
        {
            errno = EntryName.Check(name);
        }

        return errno == Errno.Success && EntryName.IsDots(name)
            ? isDirectory && EntryName.IsDotDot(name) ? Errno.ENOTEMPTY : isDirectory ? Errno.EINVAL : Errno.EISDIR
            : errno;
    }

    /// <summary>Takes a name away; needs the namespace's lock exclusively.</summary>
    /// <param name="child">What the name stands for, used once; the caller ends that use, without locks. Null when there is nothing to end.</param>
    private Errno RemoveNameLocked(Inode directory, ReadOnlySpan<byte> name, bool isDirectory, out Inode? child)
    {
        EndLastRemovedLocked();
        child = null;
        DirectoryHit hit = default;
        if (!isDirectory && TryRemoveAtHandLocked(directory, name, out hit, out child))
        {
            return Errno.Success;
        }

        bool isSole = false;
        Errno errno = hit.Exists && !hit.IsDirectory ? Errno.Success : FindForRemovalLocked(directory, name, isDirectory, out hit);
        if (errno == Errno.Success)
        {
            errno = _context.UseToRemove(hit.Inode, out child, out isSole);
        }

        if (errno != Errno.Success)
        {
            // An entry without an inode is damage: it is not for this operation to explain away.
            return errno == Errno.ESTALE ? Errno.EIO : errno;
        }

        if (hit.IsDirectory)
        {
            // Before it is asked whether anything else uses the child.
            _directories.Clear();
            isSole = _context.Inodes.IsUsedOnce(child!);
        }

        using InodePair locks = new(directory, child!);
        errno = FlagRules.CheckRemoving(in directory.Record, in child!.Record);
        if (errno != Errno.Success)
        {
            return errno;
        }

        Timestamp now = _context.Now();
        NameDrop drop = new(_context, _data, child, isSole, now);
        drop.FreeEarlyWhenBroken();
        errno = _context.Store.Begin(out Transaction transaction, TransactionSize.Freeing);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        RemoveWithin(transaction, directory, in hit, name, in drop, now, ref child);
        return Errno.Success;
    }

    /// <summary>Takes away the name of a file whose inode is in memory and not locked, which most are that lose their name: it is looked for in the
    /// transaction that takes it away, where no lock of the tree is needed for that.</summary>
    /// <param name="hit">What was found, if it came to that.</param>
    /// <param name="child">As for <see cref="RemoveNameLocked"/>.</param>
    /// <returns>False when it is anything else, or something is wrong: nothing has happened then.</returns>
    [SkipLocalsInit]
    private bool TryRemoveAtHandLocked(Inode directory, ReadOnlySpan<byte> name, out DirectoryHit hit, out Inode? child)
    {
        hit = default;
        child = null;
        using ExclusiveScope scope = new(directory.Lock);
        if (_context.Broken == BrokenVariant.FreeBeforeUnlink || CheckDirectoryLocked(directory) != Errno.Success
            || _context.Store.Begin(out Transaction transaction, TransactionSize.Freeing) != Errno.Success)
        {
            return false;
        }

        using TransactionScope open = new(transaction);
        hit = DirectoryEntries.Find(transaction.Before, in _context.Names, directory.Number, name);
        if (!hit.Exists || hit.LeadsOn || !_context.Inodes.TryUse(hit.Inode, out Inode? file, out _, out bool isSole))
        {
            return false;
        }

        // A transaction waits for nobody who may be waiting for it.
        bool isLocked = file.Lock.TryEnterExclusive();
        if (!isLocked || FlagRules.CheckRemoving(in directory.Record, in file.Record) != Errno.Success)
        {
            if (isLocked)
            {
                file.Lock.ExitExclusive();
            }

            _context.ReleaseLater(file);
            return false;
        }

        child = file;
        try
        {
            Timestamp now = _context.Now();
            NameDrop drop = new(_context, _data, file, isSole, now);
            RemoveWithin(transaction, directory, in hit, name, in drop, now, ref child);
            return true;
        }
        finally
        {
            file.Lock.ExitExclusive();
        }
    }

    /// <summary>Takes a name away in a transaction, which this commits. Both inodes are locked.</summary>
    /// <param name="child">What it stands for; null when nobody has to end its use.</param>
    private void RemoveWithin(
        Transaction transaction, Inode directory, in DirectoryHit hit, ReadOnlySpan<byte> name, in NameDrop drop, Timestamp now, ref Inode? child)
    {
        bool isLast = hit.IsDirectory || child!.Record.LinkCount == 1;
        directory.Settle(now);
        InodeRecord parent = directory.Record;
        parent.LinkCount -= hit.IsDirectory ? 1u : 0;

        // What was put last goes first: where both lie in one node, the room they leave is in one piece.
        drop.PutWithin(transaction);
        DeleteEntry(transaction, ref parent, directory.Number, hit.Offset, name, now);
        directory.PutGrowth(transaction, in parent);
        transaction.StartCommit();
        directory.Recorded(in parent);
        transaction.Commit();
        drop.Committed();
        _context.Changes.Removed(directory.Number, hit.Inode, name, isLast);
        SyncNames(in parent);
        if (hit.IsSymbolicLink)
        {
            // Not earlier: the directory may be used here only because the cache uses it.
            _directories.Clear();
        }

        if (child!.IsGone)
        {
            _lastRemoved = child;
            child = null;
        }
    }

    private void EndLastRemovedLocked()
    {
        if (_lastRemoved is { } last)
        {
            _lastRemoved = null;
            _context.Inodes.Release(last);
        }
    }

    /// <summary>Finds an entry that may be taken away; needs the namespace's lock exclusively.</summary>
    /// <remarks>Not inlined: what it keeps on the stack would be cleared at each call of the larger method.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Errno FindForRemovalLocked(Inode directory, ReadOnlySpan<byte> name, bool isDirectory, out DirectoryHit hit)
    {
        hit = default;
        Errno errno = CheckDirectoryLocked(directory);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TreeReader tree = _context.Store.Read();
        hit = DirectoryEntries.Find(in tree, in _context.Names, directory.Number, name);
        if (!hit.Exists)
        {
            return Errno.ENOENT;
        }

        if (hit.IsDirectory != isDirectory)
        {
            return isDirectory ? Errno.ENOTDIR : Errno.EISDIR;
        }

        return isDirectory && !DirectoryEntries.IsEmpty(in tree, hit.Inode) ? Errno.ENOTEMPTY : Errno.Success;
    }

    /// <summary>Deletes an entry and accounts for it in the directory's record, which the caller puts.</summary>
    private static void DeleteEntry(
        Transaction transaction, ref InodeRecord directory, InodeNumber directoryNumber, ulong offset, ReadOnlySpan<byte> name, Timestamp now)
    {
        transaction.Delete(DirectoryEntryRecord.Key(directoryNumber, offset));
        directory.SizeBytes -= DirectoryEntryRecord.SizeBytes(name.Length);
        directory.Touch(now);
    }
}

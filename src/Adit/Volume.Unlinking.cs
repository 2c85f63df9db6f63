using System.Runtime.CompilerServices;
using Adit.Directories;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
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
        child = null;
        EndLastRemovedLocked();
        Errno errno = FindForRemovalLocked(directory, name, isDirectory, out DirectoryHit hit);
        bool isSole = false;
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

        bool isLast = isDirectory || child.Record.LinkCount == 1;
        Timestamp now = _context.Now();
        NameDrop drop = new(_context, _data, child, isSole, now);
        drop.FreeEarlyWhenBroken();
        errno = _context.Store.Begin(out Transaction transaction, TransactionSize.Freeing);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        directory.Settle(now);
        InodeRecord parent = directory.Record;
        parent.LinkCount -= isDirectory ? 1u : 0;

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

        if (child.IsGone)
        {
            _lastRemoved = child;
            child = null;
        }

        return Errno.Success;
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

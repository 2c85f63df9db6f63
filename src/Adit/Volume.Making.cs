using System.Runtime.CompilerServices;
using Adit.Directories;
using Adit.Files;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.Nodes;
using Adit.Orphans;

namespace Adit;

/// <summary>Making inodes.</summary>
public sealed partial class Volume
{
    private const uint MaxLinkCount = int.MaxValue;

    /// <summary>What a new symbolic link needs of a log record beside its target: an entry, two inodes, the heads of all.</summary>
    private const int BytesBesideTarget = 1024;

    /// <inheritdoc/>
    public Errno MakeNode(
        InodeNumber parent, ReadOnlySpan<byte> name, uint mode, uint device, in Caller caller, out NodeAttributes attributes)
    {
        attributes = default;
        uint type = mode & 0xF000;
        if (type == 0)
        {
            type = (uint)FileType.Regular;
        }

        if ((FileType)type is not (FileType.Regular or FileType.Fifo or FileType.Socket or FileType.CharacterDevice or FileType.BlockDevice))
        {
            return Errno.EINVAL;
        }

        bool isDevice = (FileType)type is FileType.CharacterDevice or FileType.BlockDevice;
        InodeRecord made = NewRecord(type | (mode & PermissionBits & ~caller.Umask), in caller);
        made.Device = isDevice ? device : 0;
        Errno errno = Make(parent, name, ref made, default, retain: true, opensFor: null, out Inode? inode, out _);
        return ReleaseMade(errno, inode, out attributes);
    }

    /// <inheritdoc/>
    public Errno MakeDirectory(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, in Caller caller, out NodeAttributes attributes)
    {
        InodeRecord made = NewRecord((uint)FileType.Directory | (mode & PermissionBits & ~caller.Umask), in caller);
        Errno errno = Make(parent, name, ref made, default, retain: true, opensFor: null, out Inode? inode, out _);
        return ReleaseMade(errno, inode, out attributes);
    }

    /// <inheritdoc/>
    public Errno MakeSymbolicLink(
        InodeNumber parent, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in Caller caller, out NodeAttributes attributes)
    {
        attributes = default;
        if (target.IsEmpty || target.Contains((byte)0))
        {
            return target.IsEmpty ? Errno.ENOENT : Errno.EINVAL;
        }

        if (target.Length > SymlinkPiece.MaxTargetBytes)
        {
            return Errno.ENAMETOOLONG;
        }

        InodeRecord made = NewRecord((uint)FileType.SymbolicLink | 0x1FF, in caller);
        made.SizeBytes = target.Length;
        Errno errno = Make(parent, name, ref made, target, retain: true, opensFor: null, out Inode? inode, out _);
        return ReleaseMade(errno, inode, out attributes);
    }

    /// <inheritdoc/>
    public Errno Create(
        InodeNumber parent,
        ReadOnlySpan<byte> name,
        uint mode,
        OpenIntent intent,
        in Caller caller,
        out NodeAttributes attributes,
        out IOpenFile? file) => Create(parent, name, mode, intent, in caller, retain: true, out attributes, out file);

    internal Errno Create(
        InodeNumber parent,
        ReadOnlySpan<byte> name,
        uint mode,
        OpenIntent intent,
        in Caller caller,
        bool retain,
        out NodeAttributes attributes,
        out IOpenFile? file)
    {
        attributes = default;
        file = null;
        InodeRecord made = NewRecord((uint)FileType.Regular | (mode & PermissionBits & ~caller.Umask), in caller);
        Errno errno = Make(parent, name, ref made, default, retain, intent, out Inode? inode, out file);
        if (errno == Errno.Success)
        {
            attributes = made.ToAttributes(inode!.Number);
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno MakeTemporary(InodeNumber parent, uint mode, in Caller caller, out NodeAttributes attributes, out IOpenFile? file) =>
        MakeTemporary(parent, mode, OpenIntent.ReadWrite, in caller, retain: true, out attributes, out file);

    internal Errno MakeTemporary(
        InodeNumber parent, uint mode, OpenIntent intent, in Caller caller, bool retain, out NodeAttributes attributes, out IOpenFile? file)
    {
        attributes = default;
        file = null;
        Errno errno = CheckWritable();
        if (errno != Errno.Success)
        {
            return errno;
        }

        try
        {
            using ChangeScope scope = new(_namespace, _context.Freezing);
            if (_isClosed)
            {
                return Errno.EBADF;
            }

            if (!TryReadRecord(parent, out InodeRecord directory))
            {
                return Errno.ESTALE;
            }

            errno = directory.IsDirectory ? FlagRules.CheckAdding(in directory) : Errno.ENOTDIR;
            if (errno != Errno.Success)
            {
                return errno;
            }

            InodeRecord made = NewRecord((uint)FileType.Regular | (mode & PermissionBits & ~caller.Umask), in caller);
            made.LinkCount = 0;
            Inherit(ref made, in directory, parent);
            Inode inode = NewInode(in made, isOpen: true);
            inode.IsTemporary = true;
            IOpenFile opened = FileHandle.OverNew(this, inode, intent);

            errno = _context.Store.Begin(out Transaction transaction);
            if (errno != Errno.Success)
            {
                return errno;
            }

            using TransactionScope open = new(transaction);
            if (_context.Quotas.IsEnforced && (errno = _context.Quotas.CheckWithin(transaction, in made, 0, 1)) != Errno.Success)
            {
                return errno;
            }

            OrphanMarks.Put(transaction, inode.Number, 0, long.MaxValue);
            transaction.Put(InodeRecord.Key(inode.Number), made.AsBytes());

            // Before the commit: whoever cleans up orphans must find it in use as soon as it finds its record.
            _context.Inodes.Add(inode, retain);
            _context.InodeCount.Made();
            try
            {
                transaction.Commit();
            }
            catch
            {
                _context.Inodes.Discard(inode);
                throw;
            }

            attributes = made.ToAttributes(inode.Number);
            file = opened;
            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            return errno;
        }
    }

    private InodeRecord NewRecord(uint mode, in Caller caller)
    {
        InodeRecord record = new()
        {
            Mode = mode,
            LinkCount = (mode & 0xF000) == (uint)FileType.Directory ? 2u : 1u,
            UserId = caller.UserId,
            GroupId = caller.GroupId,
            Generation = 1,
        };
        Timestamp now = _context.Now();
        record.SetAccessTime(now);
        record.SetBirthTime(now);
        record.Touch(now);
        return record;
    }

    /// <summary>The object of an inode that is to be made. Made before the transaction begins: nothing is allocated in one.</summary>
    private Inode NewInode(in InodeRecord record, bool isOpen)
    {
        Inode inode = Inode.New(new InodeNumber(_context.Store.NextInodeNumber()), in record, isOpen);
        inode.IsPrivate = _context.Access.IsPrivate(in record);
        return inode;
    }

    /// <summary>What an inode takes over from the directory that it is made in.</summary>
    private static void Inherit(ref InodeRecord record, in InodeRecord parent, InodeNumber parentNumber)
    {
        record.Parent = parentNumber.Value;
        FlagRules.Inherit(ref record, in parent);
        if ((parent.Mode & SetGroupId) != 0)
        {
            record.GroupId = parent.GroupId;
            record.Mode |= record.IsDirectory ? SetGroupId : 0;
        }
    }

    /// <summary>Makes an inode and its entry in one transaction.</summary>
    /// <param name="made">The new record; completed here.</param>
    /// <param name="opensFor">Makes the caller's use an open file.</param>
    /// <param name="inode">The new inode, used once by the caller.</param>
    private Errno Make(
        InodeNumber parent,
        ReadOnlySpan<byte> name,
        ref InodeRecord made,
        ReadOnlySpan<byte> target,
        bool retain,
        OpenIntent? opensFor,
        out Inode? inode,
        out IOpenFile? file)
    {
        inode = null;
        file = null;
        Inode? directory = null;
        Errno errno = CheckNewName(name);
        if (errno != Errno.Success)
        {
            return errno;
        }

        try
        {
            errno = Use(parent, out directory);
            if (errno != Errno.Success)
            {
                return errno;
            }

            using (new ChangeScope(_namespace, _context.Freezing))
            {
                errno = MakeLocked(directory!, name, ref made, target, retain, opensFor, out inode, out file);
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
            Release(directory);
        }
    }

    /// <summary>Makes an inode and its entry; needs the namespace's lock exclusively.</summary>
    /// <param name="opensFor">Makes the caller's use an open file.</param>
    private Errno MakeLocked(
        Inode directory,
        ReadOnlySpan<byte> name,
        ref InodeRecord made,
        ReadOnlySpan<byte> target,
        bool retain,
        OpenIntent? opensFor,
        out Inode? inode,
        out IOpenFile? file)
    {
        inode = null;
        file = null;
        using ExclusiveScope scope = new(directory.Lock);
        Errno errno = CheckDirectoryLocked(directory);
        if (errno == Errno.Success && made.IsDirectory && directory.Record.LinkCount >= MaxLinkCount)
        {
            errno = Errno.EMLINK;
        }

        if (errno != Errno.Success)
        {
            return errno;
        }

        Inherit(ref made, in directory.Record, directory.Number);
        Inode child = NewInode(in made, opensFor is not null);
        IOpenFile? opened = opensFor is { } intent ? FileHandle.OverNew(this, child, intent) : null;
        errno = _context.Store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            // A name that is there is said to be, also when there would be no room for it.
            using TreeReader tree = _context.Store.Read();
            return DirectoryEntries.Find(in tree, in _context.Names, directory.Number, name).Exists ? Errno.EEXIST : errno;
        }

        using TransactionScope open = new(transaction);
        DirectoryHit hit = DirectoryEntries.Find(transaction.Before, in _context.Names, directory.Number, name);

        // The smallest logs have no record that takes the longest targets.
        if (hit.Exists || !hit.HasRoom || transaction.CapacityBytes < target.Length + BytesBesideTarget || directory.Record.IsImmutable())
        {
            return hit.Exists ? Errno.EEXIST : directory.Record.IsImmutable() ? Errno.EPERM : Errno.ENOSPC;
        }

        if (_context.Quotas.IsEnforced && (errno = _context.Quotas.CheckWithin(transaction, in made, 0, 1)) != Errno.Success)
        {
            return errno;
        }

        InodeNumber number = child.Number;
        Timestamp now = new(made.BirthSeconds, made.BirthNanoseconds);
        directory.Settle(now);
        InodeRecord parent = directory.Record;
        parent.LinkCount += made.IsDirectory ? 1u : 0;
        PutEntry(transaction, ref parent, directory.Number, hit.Offset, number, made.TypeBits, name, now);
        PutTarget(transaction, number, target);
        transaction.Put(InodeRecord.Key(number), made.AsBytes());
        directory.PutGrowth(transaction, in parent);
        _context.Inodes.Add(child, retain);
        _context.InodeCount.Made();
        try
        {
            transaction.StartCommit();
            directory.Recorded(in parent);
            transaction.Commit();
        }
        catch
        {
            _context.Inodes.Discard(child);
            throw;
        }

        inode = child;
        file = opened;
        _context.Changes.Entry(directory.Number, name);
        SyncNames(in parent);
        return Errno.Success;
    }

    /// <summary>Makes a change of entries durable where the directory's flags ask for it.</summary>
    private void SyncNames(in InodeRecord directory)
    {
        if ((directory.Flags & (uint)(FileFlags.Sync | FileFlags.DirectorySync)) != 0 && !_context.CommitsAreDurable)
        {
            _context.Store.EnsureDurable();
        }
    }

    /// <summary>Why an entry of this name cannot be made, before anything is looked at.</summary>
    private Errno CheckNewName(ReadOnlySpan<byte> name)
    {
        Errno errno = CheckWritable();
        if (errno == Errno.Success)
        {
            errno = EntryName.Check(name);
        }

        return errno == Errno.Success && EntryName.IsDots(name) ? Errno.EEXIST : errno;
    }

    /// <summary>Finds the place for a new entry; needs the namespace's lock exclusively.</summary>
    private Errno FindFreeLocked(Inode directory, ReadOnlySpan<byte> name, out ulong offset)
    {
        offset = 0;
        Errno errno = CheckDirectoryLocked(directory);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TreeReader tree = _context.Store.Read();
        DirectoryHit hit = DirectoryEntries.Find(in tree, in _context.Names, directory.Number, name);
        offset = hit.Offset;
        return hit.Exists ? Errno.EEXIST : hit.HasRoom ? Errno.Success : Errno.ENOSPC;
    }

    /// <summary>Whether entries can be looked for and made in an inode.</summary>
    private Errno CheckDirectoryLocked(Inode directory)
    {
        if (_isClosed)
        {
            return Errno.EBADF;
        }

        if (!directory.Record.IsDirectory)
        {
            return Errno.ENOTDIR;
        }

        return directory.IsGone || directory.Record.LinkCount == 0 ? Errno.ENOENT : Errno.Success;
    }

    /// <summary>Puts a new entry and accounts for it in the directory's record, which the caller puts.</summary>
    [SkipLocalsInit]
    private static void PutEntry(
        Transaction transaction,
        ref InodeRecord directory,
        InodeNumber directoryNumber,
        ulong offset,
        InodeNumber inode,
        uint typeBits,
        ReadOnlySpan<byte> name,
        Timestamp now)
    {
        Span<byte> entry = stackalloc byte[DirectoryEntryRecord.MaxSizeBytes];
        int lengthBytes = DirectoryEntryRecord.Write(entry, inode, typeBits, name);
        transaction.Put(DirectoryEntryRecord.Key(directoryNumber, offset), entry[..lengthBytes]);
        directory.SizeBytes += lengthBytes;
        directory.Touch(now);
    }

    private static void PutTarget(Transaction transaction, InodeNumber link, ReadOnlySpan<byte> target)
    {
        for (int piece = 0; !target.IsEmpty; piece++)
        {
            int lengthBytes = Math.Min(target.Length, SymlinkPiece.PieceBytes);
            transaction.Put(SymlinkPiece.Key(link, piece), target[..lengthBytes]);
            target = target[lengthBytes..];
        }
    }

    private Errno ReleaseMade(Errno errno, Inode? inode, out NodeAttributes attributes)
    {
        attributes = default;
        if (inode is not null)
        {
            attributes = inode.Record.ToAttributes(inode.Number);
            Release(inode);
        }

        return errno;
    }
}

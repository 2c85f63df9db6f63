using Adit.Directories;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit;

/// <summary>Finding inodes and reading their attributes.</summary>
public sealed partial class Volume
{
    /// <inheritdoc/>
    public Errno Lookup(InodeNumber parent, ReadOnlySpan<byte> name, out NodeAttributes attributes)
    {
        attributes = default;
        try
        {
            using SharedScope scope = new(_namespace);
            Errno errno = FindShared(parent, name, out InodeNumber inode);
            if (errno == Errno.Success)
            {
                errno = ReadAttributes(inode, out attributes);
            }

            if (errno == Errno.Success)
            {
                _context.Inodes.Retain(inode);
            }

            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno Retain(InodeNumber inode, out NodeAttributes attributes)
    {
        attributes = default;
        try
        {
            // Nothing loses its last name meanwhile.
            using SharedScope scope = new(_namespace);
            Errno errno = _isClosed ? Errno.EBADF : ReadAttributes(inode, out attributes);
            if (errno != Errno.Success || attributes.LinkCount == 0)
            {
                return errno != Errno.Success ? errno : Errno.ESTALE;
            }

            _context.Inodes.Retain(inode);
            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <inheritdoc/>
    public void Forget(InodeNumber inode, ulong count)
    {
        if (_context.Inodes.Forget(inode, count) is { } unnamed)
        {
            Remove(unnamed);
        }
    }

    /// <inheritdoc/>
    public Errno GetAttributes(InodeNumber inode, out NodeAttributes attributes)
    {
        attributes = default;
        try
        {
            return _isClosed ? Errno.EBADF : ReadAttributes(inode, out attributes);
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <summary>Finds what a name stands for; needs the namespace's lock.</summary>
    private Errno FindShared(InodeNumber parent, ReadOnlySpan<byte> name, out InodeNumber inode)
    {
        inode = default;
        Errno errno = _isClosed ? Errno.EBADF : EntryName.Check(name);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TreeReader tree = _context.Store.Read();
        if (!EntryName.IsDots(name))
        {
            DirectoryHit hit = DirectoryEntries.Find(in tree, in _context.Names, parent, name);
            if (hit.Exists)
            {
                inode = hit.Inode;
                return Errno.Success;
            }
        }

        if (!TryReadRecord(in tree, parent, out InodeRecord record))
        {
            return Errno.ESTALE;
        }

        if (!record.IsDirectory)
        {
            return Errno.ENOTDIR;
        }

        if (!EntryName.IsDots(name))
        {
            return Errno.ENOENT;
        }

        inode = EntryName.IsDot(name) ? parent : new InodeNumber(record.Parent);
        return Errno.Success;
    }

    /// <summary>Reads attributes, from the inode in memory when it is there: only that may have newer time stamps.</summary>
    private Errno ReadAttributes(InodeNumber number, out NodeAttributes attributes)
    {
        if (!_context.Inodes.TryUse(number, out Inode? inode, out _))
        {
            if (TryReadRecord(number, out InodeRecord record))
            {
                attributes = record.ToAttributes(number);
                return Errno.Success;
            }

            attributes = default;
            return Errno.ESTALE;
        }

        Errno errno = ReadAttributes(inode, out attributes);
        _context.ReleaseLater(inode);
        return errno;
    }

    /// <summary>A directory was listed or a symbolic link read: its access time moves where the policy says so. No lock is held.</summary>
    private void MarkAccessed(InodeNumber number)
    {
        const long DaySeconds = 24 * 60 * 60;
        if (_isClosed || Use(number, out Inode? inode) != Errno.Success)
        {
            return;
        }

        using (new SharedScope(inode!.Lock))
        {
            bool moves = inode.IsAccessTimeOld || _context.AlwaysMovesAccessTimes || _context.Now().Seconds - inode.Record.AccessSeconds >= DaySeconds;
            if (moves && !inode.IsGone && inode.Mark(PendingTimes.Access))
            {
                _context.TimeStamps.Add(inode);
            }
        }

        Release(inode);
    }

    /// <summary>Reads the attributes of an inode in use; takes its lock.</summary>
    internal Errno ReadAttributes(Inode inode, out NodeAttributes attributes)
    {
        if (inode.Pending != PendingTimes.None)
        {
            // Who looks at a time stamp fixes it: it must be the same the next time.
            using ExclusiveScope exclusive = new(inode.Lock);
            inode.Settle(_context.Now());
            attributes = inode.Record.ToAttributes(inode.Number);
            return inode.IsGone ? Errno.ESTALE : Errno.Success;
        }

        using SharedScope shared = new(inode.Lock);
        attributes = inode.Record.ToAttributes(inode.Number);
        return inode.IsGone ? Errno.ESTALE : Errno.Success;
    }
}

using Adit.Access;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;

namespace Adit;

/// <summary>How files are accessed, and why.</summary>
public sealed partial class Volume
{
    /// <summary>What decides whether files are accessed directly, while the volume is open.</summary>
    public DaxMode Dax => _options.Dax;

    /// <summary>How a file is accessed, why, and what its flag will change.</summary>
    public DaxStatus GetDaxStatus(string path, bool followLink = true)
    {
        DaxStatus? status = null;
        AtInode(path, followLink, "get the access state of", inode =>
        {
            status = GetDaxStatus(inode);
            return Errno.Success;
        });
        return status!;
    }

    /// <summary>What would use a feature that is a preview fails.</summary>
    internal bool RefusesPreviews => _options.Previews == PreviewPolicy.Refuse;

    internal DaxStatus GetDaxStatus(Inode inode)
    {
        using SharedScope scope = new(inode.Lock);
        return _context.Access.StatusOf(inode);
    }

    /// <summary>Gives a file the state that option and flag decide, unless somebody uses it; needs the inode's lock exclusively. A mapping that
    /// only waits to be forgotten is no use.</summary>
    internal Errno SettleStateLocked(Inode inode)
    {
        bool isPrivate = _context.Access.IsPrivate(in inode.Record);
        bool dropsChecksums = !isPrivate && inode.Record.KeepsChecksums && !IsReadOnly;
        if ((isPrivate == inode.IsPrivate && !dropsChecksums) || inode.OpenCount != 0)
        {
            return Errno.Success;
        }

        if (inode.Space is { } space)
        {
            _ = TryForgetMappingLocked(inode, space);
        }

        if (inode.IsInUse)
        {
            return Errno.Success;
        }

        if (dropsChecksums && _context.Freezing.IsFrozen)
        {
            // Nothing may be recorded now, and an opening waits for nobody: its checksums still hold.
            inode.IsPrivate = true;
            return Errno.Success;
        }

        Errno errno = dropsChecksums ? DropChecksumsLocked(inode) : Errno.Success;
        if (errno == Errno.Success)
        {
            inode.IsPrivate = isPrivate;
        }

        return errno;
    }

    /// <summary>Before the first byte is stored where it is: from here on no checksum of the file counts. Their records are swept up when the
    /// file is cut or removed.</summary>
    private Errno DropChecksumsLocked(Inode inode)
    {
        Errno errno = _context.Store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        inode.Settle(_context.Now());
        InodeRecord record = inode.Record;
        record.ChecksumEpoch++;
        transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
        transaction.Commit();
        inode.Recorded(in record);
        return Errno.Success;
    }
}

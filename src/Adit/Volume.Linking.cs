using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.Nodes;
using Adit.Orphans;

namespace Adit;

/// <summary>Hard links, and what symbolic links say.</summary>
public sealed partial class Volume
{
    /// <inheritdoc/>
    public Errno Link(InodeNumber inode, InodeNumber newParent, ReadOnlySpan<byte> newName, out NodeAttributes attributes) =>
        Link(inode, newParent, newName, retain: true, out attributes);

    internal Errno Link(InodeNumber inode, InodeNumber newParent, ReadOnlySpan<byte> newName, bool retain, out NodeAttributes attributes)
    {
        attributes = default;
        Errno errno = CheckNewName(newName);
        if (errno != Errno.Success)
        {
            return errno;
        }

        Inode? directory = null;
        Inode? node = null;
        try
        {
            errno = Use(newParent, out directory);
            if (errno == Errno.Success)
            {
                errno = Use(inode, out node);
            }

            if (errno == Errno.Success)
            {
                errno = LinkIn(node!, directory!, newName, out attributes);
            }

            if (errno == Errno.Success && retain)
            {
                _context.Inodes.Retain(inode);
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
            Release(node);
            Release(directory);
        }
    }

    private Errno LinkIn(Inode inode, Inode directory, ReadOnlySpan<byte> name, out NodeAttributes attributes)
    {
        attributes = default;
        using ChangeScope names = new(_namespace, _context.Freezing);
        using InodePair locks = new(directory, inode);
        Errno errno = FindFreeLocked(directory, name, out ulong offset);
        if (errno != Errno.Success)
        {
            return errno;
        }

        if (inode.Record.IsDirectory)
        {
            return Errno.EPERM;
        }

        if (inode.IsGone || (inode.Record.LinkCount == 0 && !inode.IsTemporary))
        {
            return Errno.ENOENT;
        }

        errno = inode.Record.LinkCount >= MaxLinkCount ? Errno.EMLINK : FlagRules.CheckJoining(in directory.Record, in inode.Record);
        if (errno != Errno.Success)
        {
            return errno;
        }

        errno = _context.Store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        Timestamp now = _context.Now();
        directory.Settle(now);
        inode.Settle(now);
        InodeRecord parent = directory.Record;
        InodeRecord record = inode.Record;
        record.LinkCount++;
        record.SetChangeTime(now);
        PutEntry(transaction, ref parent, directory.Number, offset, inode.Number, record.TypeBits, name, now);
        if (_context.Broken == BrokenVariant.LinkInTwoRecords)
        {
            transaction.Commit();
            Metadata.Invariant.That(_context.Store.Begin(out transaction) == Errno.Success, "a broken variant has room");
        }

        if (inode.Record.LinkCount == 0)
        {
            record.Parent = directory.Number.Value;
            OrphanMarks.Put(transaction, inode.Number, record.LinkCount, inode.TruncatingFrom);
        }

        transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
        transaction.Put(InodeRecord.Key(directory.Number), parent.AsBytes());
        transaction.Commit();
        directory.Recorded(in parent);
        inode.Recorded(in record);
        inode.IsTemporary = false;
        _context.Changes.Entry(directory.Number, name);
        _context.Changes.Attributes(inode.Number);
        SyncNames(in directory.Record);
        attributes = record.ToAttributes(inode.Number);
        return Errno.Success;
    }

    /// <inheritdoc/>
    public Errno ReadSymbolicLink(InodeNumber inode, Span<byte> target, out int lengthBytes)
    {
        lengthBytes = 0;
        try
        {
            if (_isClosed)
            {
                return Errno.EBADF;
            }

            Errno errno = ReadTarget(inode, target, out lengthBytes);
            if (errno == Errno.Success && _context.MovesAccessTimes)
            {
                MarkAccessed(inode);
            }

            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    private Errno ReadTarget(InodeNumber inode, Span<byte> target, out int lengthBytes)
    {
        lengthBytes = 0;
        using TreeReader tree = _context.Store.Read();
        if (!TryReadRecord(in tree, inode, out InodeRecord record))
        {
            return Errno.ESTALE;
        }

        return record.IsSymbolicLink ? ReadTarget(in tree, inode, record.SizeBytes, target, out lengthBytes) : Errno.EINVAL;
    }

    private static Errno ReadTarget(in TreeReader tree, InodeNumber inode, long targetBytes, Span<byte> target, out int lengthBytes)
    {
        lengthBytes = 0;
        if (targetBytes > SymlinkPiece.MaxTargetBytes)
        {
            throw new TreeDamagedException($"{inode}: the target of a symbolic link is {targetBytes} bytes long");
        }

        if (target.Length < targetBytes)
        {
            return Errno.ERANGE;
        }

        for (int piece = 0; lengthBytes < targetBytes; piece++)
        {
            int pieceBytes = (int)Math.Min(targetBytes - lengthBytes, SymlinkPiece.PieceBytes);
            if (!tree.TryGet(SymlinkPiece.Key(inode, piece), out ReadOnlySpan<byte> value) || value.Length != pieceBytes)
            {
                throw new TreeDamagedException($"{inode}: piece {piece} of a symbolic link's target is missing or of the wrong length");
            }

            value.CopyTo(target[lengthBytes..]);
            lengthBytes += pieceBytes;
        }

        return Errno.Success;
    }
}

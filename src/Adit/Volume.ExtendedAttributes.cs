using Adit.Attributes;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit;

/// <summary>Extended attributes. A value is replaced in one transaction, whatever its length; on a volume with a small log
/// the longest ones do not fit, and are ENOSPC.</summary>
public sealed partial class Volume
{
    /// <inheritdoc/>
    public Errno GetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, Span<byte> value, out int lengthBytes)
    {
        lengthBytes = 0;
        try
        {
            Errno errno = _isClosed ? Errno.EBADF : CheckAttributeName(name);
            if (errno != Errno.Success)
            {
                return errno;
            }

            using TreeReader tree = _context.Store.Read();
            AttributeHit hit = AttributeEntries.Find(in tree, in _context.Names, inode, name);
            if (!hit.Exists)
            {
                return TryReadRecord(in tree, inode, out _) ? Errno.ENODATA : Errno.ESTALE;
            }

            lengthBytes = hit.ValueLengthBytes;
            if (value.IsEmpty)
            {
                return Errno.Success;
            }

            if (value.Length < lengthBytes)
            {
                return Errno.ERANGE;
            }

            AttributeEntries.ReadValue(in tree, inode, hit, value);
            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno ListExtendedAttributes(InodeNumber inode, Span<byte> names, out int lengthBytes)
    {
        lengthBytes = 0;
        try
        {
            if (_isClosed)
            {
                return Errno.EBADF;
            }

            using TreeReader tree = _context.Store.Read();
            if (!TryReadRecord(in tree, inode, out _))
            {
                return Errno.ESTALE;
            }

            TreeKey next = AttributeRecord.Key(inode, 0);
            while (AttributeEntries.TryGetNext(in tree, inode, ref next, out AttributeRecord attribute))
            {
                int nameBytes = attribute.Name.Length + 1;
                if (!names.IsEmpty)
                {
                    if (names.Length - lengthBytes < nameBytes)
                    {
                        return Errno.ERANGE;
                    }

                    attribute.Name.CopyTo(names[lengthBytes..]);
                    names[lengthBytes + nameBytes - 1] = 0;
                }

                lengthBytes += nameBytes;
            }

            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno SetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetMode mode)
    {
        Errno errno = CheckWritable();
        if (errno == Errno.Success)
        {
            errno = CheckAttributeName(name);
        }

        if (errno == Errno.Success && value.Length > AttributeRecord.MaxValueBytes)
        {
            errno = Errno.E2BIG;
        }

        return errno == Errno.Success ? ChangeAttribute(inode, name, value, mode, removes: false) : errno;
    }

    /// <inheritdoc/>
    public Errno RemoveExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name)
    {
        Errno errno = CheckWritable();
        if (errno == Errno.Success)
        {
            errno = CheckAttributeName(name);
        }

        return errno == Errno.Success ? ChangeAttribute(inode, name, default, AttributeSetMode.Replace, removes: true) : errno;
    }

    private static Errno CheckAttributeName(ReadOnlySpan<byte> name) =>
        name.IsEmpty || name.Length > AttributeRecord.MaxNameBytes ? Errno.ERANGE
        : name.Contains((byte)0) ? Errno.EINVAL
        : Errno.Success;

    private Errno ChangeAttribute(InodeNumber number, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetMode mode, bool removes)
    {
        Inode? inode = null;
        try
        {
            Errno errno = Use(number, out inode);
            if (errno == Errno.Success)
            {
                errno = ChangeAttribute(inode!, name, value, mode, removes);
            }

            _context.Changes.WaitUntilTold();
            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
        finally
        {
            Release(inode);
        }
    }

    private Errno ChangeAttribute(Inode inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetMode mode, bool removes)
    {
        using ChangeScope scope = new(inode.Lock, _context.Freezing);
        if (inode.IsGone)
        {
            return Errno.ESTALE;
        }

        if (inode.Record.IsImmutableOrAppendOnly())
        {
            return Errno.EPERM;
        }

        AttributeHit hit;
        using (TreeReader tree = _context.Store.Read())
        {
            hit = AttributeEntries.Find(in tree, in _context.Names, inode.Number, name);
        }

        if (hit.Exists ? mode == AttributeSetMode.Create : mode == AttributeSetMode.Replace)
        {
            return hit.Exists ? Errno.EEXIST : Errno.ENODATA;
        }

        if (!hit.Exists && !hit.HasRoom)
        {
            return Errno.ENOSPC;
        }

        int newPieces = removes || AttributeRecord.FitsInline(name.Length, value.Length) ? 0 : AttributeRecord.PiecesOf(value.Length);
        if (_context.Store.MaxRecordBytes < (newPieces + 2) * (AttributeRecord.PieceBytes + 64))
        {
            return Errno.ENOSPC;
        }

        Errno errno = _context.Store.Begin(out Transaction transaction, SizeFor(newPieces, hit.PieceCount, removes));
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        inode.HasNoAttributes = false;
        PutAttribute(transaction, inode.Number, hit, name, value, newPieces, removes);
        Timestamp now = _context.Now();
        inode.Settle(now);
        InodeRecord record = inode.Record;
        record.SetChangeTime(now);
        transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
        transaction.Commit();
        inode.Recorded(in record);
        _context.Changes.Attributes(inode.Number);
        return Errno.Success;
    }

    private static TransactionSize SizeFor(int newPieces, int oldPieces, bool removes) =>
        Math.Max(newPieces, oldPieces) + 2 > 30 ? TransactionSize.Large
        : removes ? TransactionSize.Freeing
        : TransactionSize.Usual;

    private static void PutAttribute(
        Transaction transaction, InodeNumber inode, AttributeHit hit, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int newPieces, bool removes)
    {
        if (removes)
        {
            transaction.Delete(AttributeRecord.Key(inode, hit.Offset));
        }
        else
        {
            Span<byte> record = stackalloc byte[AttributeRecord.MaxSizeBytes];
            int lengthBytes = AttributeRecord.Write(record, name, value);
            transaction.Put(AttributeRecord.Key(inode, hit.Offset), record[..lengthBytes]);
        }

        for (int piece = 0; piece < newPieces; piece++)
        {
            int from = piece * AttributeRecord.PieceBytes;
            int lengthBytes = Math.Min(AttributeRecord.PieceBytes, value.Length - from);
            transaction.Put(AttributeRecord.PieceKey(inode, hit.Offset, piece), value.Slice(from, lengthBytes));
        }

        for (int piece = newPieces; piece < hit.PieceCount; piece++)
        {
            transaction.Delete(AttributeRecord.PieceKey(inode, hit.Offset, piece));
        }
    }
}

using Adit.Checksums;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Files;

/// <summary>Removing all that an inode without a name has: extents, attributes, the link's target and the inode itself.</summary>
internal sealed partial class FileData
{
    /// <summary>An inode with no more extents than this goes in the transaction that takes its last name.</summary>
    private const int MaxExtentsAtOnce = 8;

    /// <summary>Attribute records that one transaction deletes at most.</summary>
    private const int MaxAttributesPerStep = 24;

    /// <summary>Whether <see cref="RemoveWithin"/> may be used: the inode has few extents and no attributes.</summary>
    public bool IsSmallLocked(Inode inode)
    {
        if (inode.TruncatingFrom != long.MaxValue || HasChecksums(inode))
        {
            return false;
        }

        if (inode.Record.IsRegular && inode.Record.BlockCount != 0)
        {
            LoadLocked(inode, 0, 1);
            if (!inode.Extents.IsComplete || inode.Extents.Count > MaxExtentsAtOnce)
            {
                return false;
            }
        }

        if (!inode.HasNoAttributes)
        {
            using TreeReader tree = _store.Read();
            inode.HasNoAttributes = !TryGetFirstAttribute(in tree, inode.Number, out _);
        }

        return inode.HasNoAttributes;
    }

    /// <summary>Removes a small inode (see <see cref="IsSmallLocked"/>) as part of a transaction. When that commits,
    /// <see cref="Removed"/> follows.</summary>
    public static void RemoveWithin(Transaction transaction, Inode inode)
    {
        if (inode.Record.BlockCount != 0)
        {
            FreeAllWithin(transaction, inode);
        }

        DeleteOwnRecords(transaction, inode);
    }

    /// <summary>Frees all blocks of a small inode.</summary>
    public static void FreeAllWithin(Transaction transaction, Inode inode)
    {
        for (int i = 0; i < inode.Extents.Count; i++)
        {
            transaction.Free(inode.Extents.ExtentAt(i).Blocks);
            transaction.DeleteExtent(inode.Number, inode.Extents.FileBlockAt(i));
        }
    }

    /// <summary>The inode's record is gone.</summary>
    public void Removed(Inode inode)
    {
        ReturnAheadLocked(inode);
        inode.CoverEmptyFile();
        inode.Record.LinkCount = 0;
        inode.Record.BlockCount = 0;
        inode.IsRecordBehind = false;
        inode.IsGone = true;
    }

    /// <summary>Removes an inode without a name, in as many transactions as it takes; its orphan record goes with the last one.</summary>
    public Errno RemoveLocked(Inode inode)
    {
        ReturnAheadLocked(inode);
        while (!inode.IsGone)
        {
            Errno errno = RemoveStepLocked(inode);
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        return Errno.Success;
    }

    private Errno RemoveStepLocked(Inode inode)
    {
        bool hasBlocks = inode.Record.BlockCount != 0 || HasChecksums(inode);
        if (hasBlocks)
        {
            LoadLocked(inode, 0, 1);
        }

        Span<ulong> attributes = stackalloc ulong[MaxAttributesPerStep];
        int attributeCount = hasBlocks ? 0 : ReadAttributeKeys(inode.Number, attributes);
        Errno errno = _store.Begin(out Transaction transaction, TransactionSize.Freeing);
        if (errno != Errno.Success)
        {
            return errno;
        }

        InodeRecord record = inode.Record;
        bool isLast = false;
        try
        {
            if (hasBlocks)
            {
                bool isDone = FreeStepLocked(transaction, inode, 0, out long freedBlocks);
                record.BlockCount = isDone ? 0 : record.BlockCount - freedBlocks;
                transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
            }
            else if (attributeCount != 0)
            {
                foreach (ulong low in attributes[..attributeCount])
                {
                    transaction.Delete(new TreeKey(inode.Number.Value, low));
                }
            }
            else
            {
                DeleteOwnRecords(transaction, inode);
                transaction.Delete(OrphanRecord.Key(inode.Number));
                context.InodeCount.Removed(inode.Number);
                isLast = true;
            }
        }
        catch
        {
            transaction.Abort();
            inode.Extents.Clear();
            throw;
        }

        CommitLocked(transaction, inode, in record);
        if (isLast)
        {
            Removed(inode);
        }

        return Errno.Success;
    }

    /// <summary>Costs nothing for a file that never had any.</summary>
    private bool HasChecksums(Inode inode)
    {
        if (inode.Record.ChecksumEpoch == 0)
        {
            return false;
        }

        using TreeReader tree = _store.Read();
        return ChecksumRecords.HaveAny(in tree, inode.Number);
    }

    private static void DeleteOwnRecords(Transaction transaction, Inode inode)
    {
        if (inode.Record.IsSymbolicLink)
        {
            for (int piece = SymlinkPiece.PiecesOf(inode.Record.SizeBytes) - 1; piece >= 0; piece--)
            {
                transaction.Delete(SymlinkPiece.Key(inode.Number, piece));
            }
        }

        transaction.Delete(InodeRecord.Key(inode.Number));
    }

    private int ReadAttributeKeys(InodeNumber inode, Span<ulong> lows)
    {
        using TreeReader tree = _store.Read();
        int count = 0;
        TreeKey next = new(inode, RecordKind.Attribute, 0);
        while (count < lows.Length && tree.TryGetAtOrAbove(next, out TreeKey found, out _)
            && found.Inode == inode && found.Kind is (RecordKind.Attribute or RecordKind.AttributeValue))
        {
            lows[count++] = found.Low;
            next = found.Next();
        }

        return count;
    }

    private static bool TryGetFirstAttribute(in TreeReader tree, InodeNumber inode, out TreeKey found) =>
        tree.TryGetAtOrAbove(new TreeKey(inode, RecordKind.Attribute, 0), out found, out _)
        && found.Inode == inode && found.Kind is (RecordKind.Attribute or RecordKind.AttributeValue);
}

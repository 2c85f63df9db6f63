using Adit.Files;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Nodes;
using Adit.Orphans;

namespace Adit;

/// <summary>One inode that loses a name in a transaction: what is left of it, or that it goes with its last name.</summary>
/// <remarks>Made under the inode's lock. It looks into the tree: in a transaction, before anything is put.</remarks>
internal ref struct NameDrop
{
    private readonly VolumeContext _context;
    private readonly FileData _data;
    private readonly Inode _inode;
    private readonly bool _removesAtOnce;
    private InodeRecord _record;

    /// <param name="isSole">The caller's use was the only thing that kept the inode, when it began or since.</param>
    public NameDrop(VolumeContext context, FileData data, Inode inode, bool isSole, Timestamp now)
    {
        _context = context;
        _data = data;
        _inode = inode;
        inode.Settle(now);
        uint linkCount = inode.Record.IsDirectory ? 0 : inode.Record.LinkCount - 1;
        if (linkCount == 0)
        {
            context.TimeStamps.Remove(inode);
            _removesAtOnce = isSole && inode.OpenCount == 0 && data.IsSmallLocked(inode);
        }

        if (!_removesAtOnce)
        {
            _record = inode.Record;
            _record.LinkCount = linkCount;
            _record.SetChangeTime(now);
        }
    }

    /// <summary>A defect for crash tests: the blocks go in a transaction of their own, before the name.</summary>
    public readonly void FreeEarlyWhenBroken()
    {
        if (_context.Broken != BrokenVariant.FreeBeforeUnlink || !_removesAtOnce || _inode.Record.BlockCount == 0)
        {
            return;
        }

        if (_context.Store.Begin(out Transaction transaction, TransactionSize.Freeing) == Interop.Errno.Success)
        {
            using TransactionScope open = new(transaction);
            FileData.FreeAllWithin(transaction, _inode);
            transaction.Commit();
            _inode.Record.BlockCount = 0;
        }
    }

    public readonly void PutWithin(Transaction transaction)
    {
        if (_removesAtOnce)
        {
            FileData.RemoveWithin(transaction, _inode);
            _context.InodeCount.Removed(_inode.Number);
            return;
        }

        if (_record.LinkCount == 0 && _context.Broken != BrokenVariant.ForgetOrphan)
        {
            OrphanMarks.Put(transaction, _inode.Number, 0, _inode.TruncatingFrom);
        }

        transaction.Put(InodeRecord.Key(_inode.Number), _record.AsBytes());
    }

    public readonly void Committed()
    {
        if (_removesAtOnce)
        {
            _data.Removed(_inode);
        }
        else
        {
            _inode.Recorded(in _record);
        }
    }
}

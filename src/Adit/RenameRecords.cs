using System.Diagnostics.CodeAnalysis;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit;

/// <summary>The records of both directories and of what moves between them, while a rename changes them. Both directories may be the
/// same: then there is one record.</summary>
internal ref struct RenameRecords
{
    public InodeRecord From;
    public InodeRecord Source;

    private readonly Inode _from;
    private readonly Inode _to;
    private readonly Inode _source;
    private InodeRecord _otherTo;

    public RenameRecords(Inode from, Inode to, Inode source, Timestamp now)
    {
        from.Settle(now);
        to.Settle(now);
        source.Settle(now);
        _from = from;
        _to = to;
        _source = source;
        From = from.Record;
        _otherTo = to.Record;
        Source = source.Record;
        Source.SetChangeTime(now);
    }

    [UnscopedRef]
    public ref InodeRecord To => ref _from == _to ? ref From : ref _otherTo;

    public readonly void PutWithin(Transaction transaction)
    {
        transaction.Put(InodeRecord.Key(_from.Number), From.AsBytes());
        if (_from != _to)
        {
            transaction.Put(InodeRecord.Key(_to.Number), _otherTo.AsBytes());
        }

        transaction.Put(InodeRecord.Key(_source.Number), Source.AsBytes());
    }

    public readonly void Committed()
    {
        _from.Recorded(in From);
        if (_from != _to)
        {
            _to.Recorded(in _otherTo);
        }

        _source.Recorded(in Source);
    }
}

using System.Runtime.CompilerServices;
using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata;
using Adit.Metadata.Logging;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Quotas;

/// <summary>Keeps the usage of users, groups and projects: at every commit it looks at the records of inodes in the transaction, compares each
/// with what it was, and adds the difference to the quota records in the same transaction. So usage is exact after every crash, and
/// nobody who changes an inode has to think of it.</summary>
/// <remarks>Its state changes with the store's transaction lock held. While the volume is being counted, it leaves inodes alone that are not
/// counted yet. Nothing is allocated.</remarks>
internal sealed class QuotaLedger(MetadataStore store) : IDerivedRecords
{
    /// <summary>Inodes that one transaction changes at most: both directories of a rename, what moves, what goes, a whiteout.</summary>
    private const int MaxInodes = 8;

    private readonly BrokenVariant _broken = store.Options.Broken;
    private QuotaSetting _setting = QuotaSetting.Initial;
    private List<(ulong Offset, long Blocks, long Inodes)>? _late;

    /// <summary>What the volume does. Changed by the holder of a transaction that puts it.</summary>
    public QuotaSetting Setting
    {
        get => _setting;
        set => _setting = value;
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Complete(Transaction transaction)
    {
        UsageTally tally = default;
        Span<Seen> seen = stackalloc Seen[MaxInodes];
        int count = 0;
        OperationReader operations = transaction.Pending;
        while (operations.MoveNext())
        {
            if (operations.Kind is not (LogOperationKind.Put or LogOperationKind.Patch or LogOperationKind.Delete)
                || operations.Key.Kind != RecordKind.Inode || !_setting.Covers(operations.Key.High))
            {
                continue;
            }

            ref Seen inode = ref FindOrAdd(seen, ref count, transaction, operations.Key);
            InodeUsage after = operations.Kind switch
            {
                LogOperationKind.Put => InodeUsage.Of(operations.Value),
                LogOperationKind.Patch => inode.Usage.Patched(operations.Offset, operations.Value),
                _ => default,
            };
            if (after.Exists || _broken != BrokenVariant.KeepUsageOfRemoved)
            {
                tally.Move(in inode.Usage, in after);
            }

            inode.Usage = after;
        }

        if (_broken == BrokenVariant.UsageInNextRecord)
        {
            PutLate(transaction, in tally);
            return;
        }

        for (int i = 0; i < tally.Count; i++)
        {
            (ulong offset, long blocks, long inodes) = tally[i];
            Put(transaction, offset, blocks, inodes);
        }
    }

    /// <summary>Adds to one record of usage, within a transaction that does not change it otherwise.</summary>
    public void Put(Transaction transaction, ulong offset, long blocks, long inodes)
    {
        if ((blocks | inodes) == 0)
        {
            return;
        }

        TreeKey key = new(InodeNumber.Volume, RecordKind.Quota, offset);
        bool exists = TryGet(transaction.Before, key, out QuotaRecord record);

        // Never below nothing, also where a record was damaged: the checker tells what is wrong, and repairs it.
        record.UsedBlocks = Math.Max(0, record.UsedBlocks + blocks);
        record.UsedInodes = Math.Max(0, record.UsedInodes + inodes);
        SetDeadlines(ref record, (QuotaKind)(offset >> 32));
        PutOrDelete(transaction, key, exists, in record);
    }

    /// <summary>Puts the usage of a record, all of one that is new, or takes one away that says nothing.</summary>
    private static void PutOrDelete(Transaction transaction, TreeKey key, bool exists, in QuotaRecord record)
    {
        if (!record.IsEmpty && exists)
        {
            record.AsBytes()[..QuotaRecord.UsageBytes].CopyTo(transaction.Patch(key, 0, QuotaRecord.UsageBytes));
        }
        else if (!record.IsEmpty)
        {
            transaction.Put(key, record.AsBytes());
        }
        else if (exists)
        {
            transaction.Delete(key);
        }
    }

    /// <summary>Reads a quota record.</summary>
    /// <returns>False when there is none: nothing is used, nothing is limited.</returns>
    /// <exception cref="TreeDamagedException">It is none.</exception>
    public static bool TryGet(in TreeReader tree, TreeKey key, out QuotaRecord record)
    {
        if (!tree.TryGet(key, out ReadOnlySpan<byte> value))
        {
            record = default;
            return false;
        }

        return QuotaRecord.TryRead(value, out record) ? true : throw new TreeDamagedException($"{key}: not a valid quota record");
    }

    /// <summary>Begins the time of grace of what is above a soft limit, and ends that of what is not.</summary>
    public void SetDeadlines(ref QuotaRecord record, QuotaKind kind)
    {
        record.BlockDeadline = DeadlineOf(record.BlockDeadline, record.UsedBlocks, record.SoftBlocks, _setting.GraceOf(kind, ofInodes: false));
        record.InodeDeadline = DeadlineOf(record.InodeDeadline, record.UsedInodes, record.SoftInodes, _setting.GraceOf(kind, ofInodes: true));
    }

    private long DeadlineOf(long deadline, long used, long soft, uint graceSeconds) =>
        soft == 0 || used <= soft ? 0 : deadline != 0 ? deadline : Math.Max(1, store.Options.Time.GetUtcNow().ToUnixTimeSeconds() + graceSeconds);

    private static ref Seen FindOrAdd(Span<Seen> seen, ref int count, Transaction transaction, TreeKey key)
    {
        for (int i = 0; i < count; i++)
        {
            if (seen[i].Number == key.High)
            {
                return ref seen[i];
            }
        }

        Metadata.Invariant.That(count < MaxInodes, "one transaction changes few inodes");
        ref Seen added = ref seen[count++];
        added.Number = key.High;
        added.Usage = transaction.TryGet(key, out ReadOnlySpan<byte> value) ? InodeUsage.Of(value) : default;
        return ref added;
    }

    /// <summary>The defect of <see cref="BrokenVariant.UsageInNextRecord"/>.</summary>
    private void PutLate(Transaction transaction, in UsageTally tally)
    {
        foreach ((ulong offset, long blocks, long inodes) in _late ?? [])
        {
            Put(transaction, offset, blocks, inodes);
        }

        _late = [];
        for (int i = 0; i < tally.Count; i++)
        {
            _late.Add(tally[i]);
        }
    }

    private struct Seen
    {
        public ulong Number;
        public InodeUsage Usage;
    }
}

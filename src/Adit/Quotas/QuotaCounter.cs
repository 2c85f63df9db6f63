using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Quotas;

/// <summary>Counts the usage of a volume that had no quotas, beside everything else that goes on. Inodes below the cursor are counted, and from
/// then on kept by the <see cref="QuotaLedger"/>; those above are left for later. The cursor moves in the transaction that adds what
/// was counted, so that a crash leaves a count that is right as far as it has come.</summary>
/// <remarks>Each method needs the namespace's lock exclusively, so that a frozen volume stays as it is.</remarks>
internal sealed class QuotaCounter(MetadataStore store, QuotaKeeper keeper)
{
    private const int MaxInodesPerStep = 2048;
    private const int MaxOwnersPerStep = 80;
    private const int RecordBytesPerOwner = LogOperation.SizeBytes + TreeKey.SizeBytes + QuotaRecord.SizeBytesOnMedium;

    // As large as it gets: nothing is allocated within a transaction.
    private readonly Dictionary<ulong, (long Blocks, long Inodes)> _sums = new(MaxOwnersPerStep);

    /// <summary>Takes usage from the records of a volume that does not keep it: limits stay.</summary>
    /// <param name="next">The record to go on from; moves.</param>
    /// <param name="forgetsLimits">Records go altogether.</param>
    /// <param name="isDone">Nothing is left.</param>
    public Errno ClearStep(ref TreeKey next, bool forgetsLimits, out bool isDone)
    {
        isDone = false;
        Errno errno = store.Begin(out Transaction transaction, TransactionSize.Freeing);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        TreeReader before = transaction.Before;
        while (transaction.RoomOperations > 0 && transaction.RoomBytes >= 2 * QuotaRecord.SizeBytesOnMedium)
        {
            if (!before.TryGetAtOrAbove(next, out TreeKey found, out ReadOnlySpan<byte> value) || !IsQuota(found))
            {
                isDone = true;
                break;
            }

            if (!forgetsLimits && QuotaRecord.TryRead(value, out QuotaRecord record) && record.HasLimits)
            {
                record.UsedBlocks = record.UsedInodes = record.BlockDeadline = record.InodeDeadline = 0;
                transaction.Put(found, record.AsBytes());
            }
            else
            {
                transaction.Delete(found);
            }

            next = found.Next();
        }

        transaction.Commit();
        return Errno.Success;
    }

    /// <summary>Counts some inodes; with the last ones, limits begin to bind.</summary>
    public Errno CountStep()
    {
        Errno errno = store.Begin(out Transaction transaction, TransactionSize.Large);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        if (keeper.Ledger is not { Setting.State: QuotaState.Counting } ledger)
        {
            return Errno.Success;
        }

        QuotaSetting setting = ledger.Setting;
        int mostOwners = Math.Min(MaxOwnersPerStep, (transaction.CapacityBytes - 512) / RecordBytesPerOwner);
        _sums.Clear();
        setting.Cursor = Collect(transaction.Before, setting.Cursor, mostOwners, _sums);
        foreach ((ulong offset, (long blocks, long inodes)) in _sums)
        {
            ledger.Put(transaction, offset, blocks, inodes);
        }

        if (setting.Cursor == ulong.MaxValue)
        {
            setting.State = QuotaState.On;
            setting.Cursor = 0;
        }

        if (store.Options.Broken == BrokenVariant.CursorBehindUsage)
        {
            transaction.Commit();
            Metadata.Invariant.That(store.Begin(out transaction) == Errno.Success, "a broken variant has room");
        }

        keeper.PutWithin(transaction, in setting);
        transaction.Commit();
        return Errno.Success;
    }

    /// <returns>The new cursor, or <see cref="ulong.MaxValue"/> when all is counted.</returns>
    private static ulong Collect(in TreeReader tree, ulong cursor, int mostOwners, Dictionary<ulong, (long Blocks, long Inodes)> sums)
    {
        for (int i = 0; i < MaxInodesPerStep; i++)
        {
            if (!tree.TryGetAtOrAbove(InodeRecord.Key(new InodeNumber(cursor)), out TreeKey found, out ReadOnlySpan<byte> value)
                || found.High >= TreeKey.ReverseMapSpace)
            {
                return ulong.MaxValue;
            }

            if (sums.Count + QuotaRecord.KindCount > mostOwners)
            {
                return cursor;
            }

            // A record of another kind belongs to an inode whose own comes first: there is none of that number, which the checker tells.
            InodeUsage usage = found.Kind == RecordKind.Inode ? InodeUsage.Of(value) : default;
            for (QuotaKind kind = 0; (int)kind < QuotaRecord.KindCount; kind++)
            {
                if (usage.TryGetId(kind, out uint id))
                {
                    ulong offset = QuotaRecord.OffsetOf(kind, id);
                    sums.TryGetValue(offset, out (long Blocks, long Inodes) sum);
                    sums[offset] = (sum.Blocks + usage.Blocks, sum.Inodes + 1);
                }
            }

            cursor = found.High + 1;
        }

        return cursor;
    }

    public static bool IsQuota(TreeKey key) => key.Inode == InodeNumber.Volume && key.Kind == RecordKind.Quota;
}

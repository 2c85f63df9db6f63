using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.Nodes;
using Adit.Quotas;

namespace Adit;

/// <summary>Quotas: how much users, groups and projects have, and may have.</summary>
public sealed partial class Volume
{
    /// <summary>Whether quotas are on, and the times of grace.</summary>
    public QuotaStatus GetQuotaStatus()
    {
        QuotaSetting setting = _context.Quotas.Setting;
        double last = Math.Max(1, _context.Store.UpcomingInodeNumber);
        return new QuotaStatus
        {
            State = setting.State,
            CountedShare = setting.State == QuotaState.Counting ? Math.Min(1, setting.Cursor / last) : 1,
            Graces = Enum.GetValues<QuotaKind>().ToDictionary(
                kind => kind,
                kind => (TimeSpan.FromSeconds(setting.GraceOf(kind, ofInodes: false)), TimeSpan.FromSeconds(setting.GraceOf(kind, ofInodes: true)))),
        };
    }

    /// <summary>Who has something or is limited: users, groups and projects in the order of their ids. Exact at one moment for each, while others
    /// may change.</summary>
    public IEnumerable<QuotaEntry> GetQuotas()
    {
        TreeKey next = QuotaRecord.FirstKey;
        while (TryGetNextQuota(ref next, out QuotaEntry? entry))
        {
            yield return entry!;
        }
    }

    /// <summary>What one user, group or project has and may have.</summary>
    public QuotaEntry GetQuota(QuotaKind kind, uint id)
    {
        using TreeReader tree = _context.Store.Read();
        QuotaLedger.TryGet(in tree, QuotaRecord.Key(kind, id), out QuotaRecord record);
        return QuotaEntry.Of(kind, id, in record);
    }

    /// <summary>Sets limits. They bind at once; what is above them already stays. Durable as any change of attributes.</summary>
    /// <exception cref="AditException">EINVAL: a soft limit above the hard one, a negative one, or project 0. ESRCH: quotas are off.</exception>
    public void SetQuota(QuotaKind kind, uint id, in QuotaLimits limits)
    {
        QuotaRecord wanted = new()
        {
            SoftBlocks = BlocksOf(limits.SoftBytes),
            HardBlocks = BlocksOf(limits.HardBytes),
            SoftInodes = limits.SoftInodes,
            HardInodes = limits.HardInodes,
        };
        bool isValid = Math.Min(Math.Min(limits.SoftBytes, limits.HardBytes), Math.Min(limits.SoftInodes, limits.HardInodes)) >= 0
            && QuotaRecord.IsKey(QuotaRecord.Key(kind, id))
            && (wanted.HardBlocks == 0 || wanted.SoftBlocks <= wanted.HardBlocks) && (wanted.HardInodes == 0 || wanted.SoftInodes <= wanted.HardInodes);
        if (!isValid)
        {
            throw new AditException(Errno.EINVAL, "set a quota", null, "limits are at least 0, a soft one is at most the hard one, and project 0 stands for none.");
        }

        ChangeQuotas("set a quota", transaction =>
        {
            TreeKey key = QuotaRecord.Key(kind, id);
            bool exists = QuotaLedger.TryGet(transaction.Before, key, out QuotaRecord record);
            wanted.UsedBlocks = record.UsedBlocks;
            wanted.UsedInodes = record.UsedInodes;
            wanted.BlockDeadline = record.BlockDeadline;
            wanted.InodeDeadline = record.InodeDeadline;
            _context.Quotas.Ledger!.SetDeadlines(ref wanted, kind);
            if (!wanted.IsEmpty)
            {
                transaction.Put(key, wanted.AsBytes());
            }
            else if (exists)
            {
                transaction.Delete(key);
            }
        });
    }

    /// <summary>Sets how long usage of a kind may stay above soft limits. What is above one already keeps the time it was given.</summary>
    /// <param name="kind">Users, groups or projects.</param>
    /// <param name="ofBytes">For limits of bytes, in whole seconds; null leaves it.</param>
    /// <param name="ofInodes">For limits of inodes; null leaves it.</param>
    /// <exception cref="AditException">EINVAL: negative, or more than a century. ESRCH: quotas are off.</exception>
    public void SetQuotaGrace(QuotaKind kind, TimeSpan? ofBytes, TimeSpan? ofInodes)
    {
        foreach (TimeSpan grace in new[] { ofBytes, ofInodes }.OfType<TimeSpan>())
        {
            if (grace < TimeSpan.Zero || grace > TimeSpan.FromDays(36_525))
            {
                throw new AditException(Errno.EINVAL, "set a time of grace", null, "it is between 0 and 36525 days.");
            }
        }

        ChangeQuotas("set a time of grace", transaction =>
        {
            QuotaSetting setting = _context.Quotas.Ledger!.Setting;
            setting.SetGrace(kind, ofInodes: false, (uint?)ofBytes?.TotalSeconds ?? setting.GraceOf(kind, ofInodes: false));
            setting.SetGrace(kind, ofInodes: true, (uint?)ofInodes?.TotalSeconds ?? setting.GraceOf(kind, ofInodes: true));
            _context.Quotas.PutWithin(transaction, in setting);
        });
    }

    private static long BlocksOf(long bytes) => (bytes / Geometry.BlockSize) + (bytes % Geometry.BlockSize == 0 ? 0 : 1);

    private void ChangeQuotas(string operation, Action<Transaction> change)
    {
        ThrowUnless(CheckWritable(), operation, null);
        Errno errno = Guard(() =>
        {
            using ChangeScope scope = new(_namespace, _context.Freezing);
            if (_isClosed)
            {
                return Errno.EBADF;
            }

            Errno begun = _context.Store.Begin(out Transaction transaction);
            if (begun != Errno.Success)
            {
                return begun;
            }

            using TransactionScope open = new(transaction);
            if (_context.Quotas.Ledger is null)
            {
                return Errno.ESRCH;
            }

            change(transaction);
            transaction.Commit();
            return Errno.Success;
        });
        if (errno == Errno.ESRCH)
        {
            throw new AditException(errno, operation, null, "quotas are off for this volume; turn them on first: adit quota on VOLUME.");
        }

        ThrowUnless(errno, operation, null);
    }

    private bool TryGetNextQuota(ref TreeKey next, out QuotaEntry? entry)
    {
        using TreeReader tree = _context.Store.Read();
        if (!tree.TryGetAtOrAbove(next, out TreeKey found, out ReadOnlySpan<byte> value) || !QuotaCounter.IsQuota(found))
        {
            entry = null;
            return false;
        }

        if (!QuotaRecord.TryRead(value, out QuotaRecord record))
        {
            throw new TreeDamagedException($"{found}: not a valid quota record");
        }

        next = found.Next();
        entry = QuotaEntry.Of(QuotaRecord.KindOf(found), QuotaRecord.IdOf(found), in record);
        return true;
    }
}

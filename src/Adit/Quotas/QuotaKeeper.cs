using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Quotas;

/// <summary>The quotas of an open volume: whether there are any, and what their limits allow.</summary>
/// <remarks>
/// <para><b>Whose limits.</b> Those of the inode's owner, group and project, whoever asks: a store through a pin or a view has no caller. User 0 and
/// group 0 have no limits. As in XFS; <c>docs/decisions/0009-quotas.md</c> says why.</para>
/// <para><b>Exactness.</b> A check within the transaction that changes the usage is exact, since transactions come one after another. What is asked
/// before (<see cref="RoomBlocks"/>) bounds how much a write plans for; the transaction has the last word.</para>
/// <para>A volume without quotas pays one look at <see cref="IsEnforced"/> where something grows.</para>
/// </remarks>
internal sealed class QuotaKeeper(MetadataStore store)
{
    private readonly QuotaLedger _ledger = new(store);
    private volatile bool _isEnforced;
    private volatile bool _isCounting;

    /// <summary>Limits bind.</summary>
    public bool IsEnforced => _isEnforced;

    /// <summary>Usage is being counted.</summary>
    public bool IsCounting => _isCounting;

    /// <summary>Null while usage is not kept. Changes with the transaction lock held.</summary>
    public QuotaLedger? Ledger { get; private set; }

    /// <summary>Whether usage is kept, and how far it has been counted.</summary>
    public QuotaSetting Setting
    {
        get
        {
            using TreeReader tree = store.Read();
            return ReadSetting(in tree);
        }
    }

    /// <summary>After opening, before the first transaction: goes on as the volume was left.</summary>
    /// <exception cref="TreeDamagedException">The setting is none; of a volume opened for reading only, it is passed over.</exception>
    public void Load()
    {
        QuotaSetting setting;
        try
        {
            setting = Setting;
        }
        catch (TreeDamagedException) when (store.IsReadOnly)
        {
            return;
        }

        if (setting.State != QuotaState.Off && !store.IsReadOnly)
        {
            _ledger.Setting = setting;
            Ledger = _ledger;
            store.Derive(_ledger);
        }

        Show(in setting);
    }

    /// <summary>Changes what the volume does, within a transaction, which the caller commits.</summary>
    public void PutWithin(Transaction transaction, in QuotaSetting setting)
    {
        transaction.Put(QuotaSetting.Key, setting.AsBytes());
        _ledger.Setting = setting;
        Ledger = setting.State == QuotaState.Off ? null : _ledger;
        store.DeriveWithin(Ledger);
        Show(in setting);
    }

    private void Show(in QuotaSetting setting)
    {
        _isEnforced = setting.State == QuotaState.On;
        _isCounting = setting.State == QuotaState.Counting && !store.IsReadOnly;
    }

    public static QuotaSetting ReadSetting(in TreeReader tree)
    {
        if (!tree.TryGet(QuotaSetting.Key, out ReadOnlySpan<byte> value))
        {
            return QuotaSetting.Initial;
        }

        return QuotaSetting.TryRead(value, out QuotaSetting setting) ? setting : throw new TreeDamagedException("The setting of quotas is not valid.");
    }

    /// <summary>Whether an inode may come to be, or grow, within the transaction that does it; there is one only when limits bind.</summary>
    /// <param name="transaction">At hand: nobody else changes usage until it ends.</param>
    /// <param name="record">Whose the inode is.</param>
    /// <param name="blocks">How many blocks more.</param>
    /// <param name="inodes">How many inodes more.</param>
    /// <returns>EDQUOT: a hard limit would be passed, or a soft one is after its time of grace.</returns>
    public Errno CheckWithin(Transaction transaction, in InodeRecord record, long blocks, long inodes)
    {
        if (!_isEnforced || (blocks <= 0 && inodes <= 0))
        {
            return Errno.Success;
        }

        InodeUsage usage = InodeUsage.Of(in record);
        TreeReader before = transaction.Before;
        for (QuotaKind kind = 0; (int)kind < QuotaRecord.KindCount; kind++)
        {
            if (TryGetLimits(in before, in usage, kind, out QuotaRecord limits) && !Allows(in limits, blocks, inodes))
            {
                return Errno.EDQUOT;
            }
        }

        return Errno.Success;
    }

    /// <summary>Whether an inode may go over to other owners: exact within the transaction that does it.</summary>
    public Errno CheckTransfer(in TreeReader tree, in InodeRecord from, in InodeRecord to)
    {
        if (!_isEnforced || (from.UserId == to.UserId && from.GroupId == to.GroupId && from.ProjectId == to.ProjectId))
        {
            return Errno.Success;
        }

        InodeUsage old = InodeUsage.Of(in from);
        InodeUsage usage = InodeUsage.Of(in to);
        for (QuotaKind kind = 0; (int)kind < QuotaRecord.KindCount; kind++)
        {
            bool stays = old.TryGetId(kind, out uint oldId) & usage.TryGetId(kind, out uint newId) && oldId == newId;
            if (!stays && TryGetLimits(in tree, in usage, kind, out QuotaRecord limits) && !Allows(in limits, usage.Blocks, 1))
            {
                return Errno.EDQUOT;
            }
        }

        return Errno.Success;
    }

    /// <summary>How many blocks an inode may still get, as of now.</summary>
    public long RoomBlocks(in InodeRecord record)
    {
        if (!_isEnforced)
        {
            return long.MaxValue;
        }

        InodeUsage usage = InodeUsage.Of(in record);
        long room = long.MaxValue;
        using TreeReader tree = store.Read();
        for (QuotaKind kind = 0; (int)kind < QuotaRecord.KindCount; kind++)
        {
            if (TryGetLimits(in tree, in usage, kind, out QuotaRecord limits))
            {
                room = Math.Min(room, RoomOf(limits.UsedBlocks, limits.SoftBlocks, limits.HardBlocks, limits.BlockDeadline));
            }
        }

        return room;
    }

    /// <summary>The limits of one kind that bind an inode.</summary>
    private static bool TryGetLimits(in TreeReader tree, in InodeUsage usage, QuotaKind kind, out QuotaRecord limits)
    {
        limits = default;
        return usage.TryGetId(kind, out uint id) && id != 0
            && QuotaLedger.TryGet(in tree, QuotaRecord.Key(kind, id), out limits) && limits.HasLimits;
    }

    private bool Allows(in QuotaRecord limits, long blocks, long inodes) =>
        (blocks <= 0 || blocks <= RoomOf(limits.UsedBlocks, limits.SoftBlocks, limits.HardBlocks, limits.BlockDeadline))
        && (inodes <= 0 || inodes <= RoomOf(limits.UsedInodes, limits.SoftInodes, limits.HardInodes, limits.InodeDeadline));

    private long RoomOf(long used, long soft, long hard, long deadline)
    {
        long room = hard == 0 ? long.MaxValue : Math.Max(0, hard - used);
        bool isSoftBinding = soft != 0 && deadline != 0 && store.Options.Time.GetUtcNow().ToUnixTimeSeconds() >= deadline;
        return isSoftBinding ? Math.Min(room, Math.Max(0, soft - used)) : room;
    }
}

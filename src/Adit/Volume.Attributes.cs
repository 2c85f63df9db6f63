using Adit.Dax.Breaking;
using Adit.Files;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit;

/// <summary>Changing attributes.</summary>
public sealed partial class Volume
{
    private const uint PermissionBits = 0xFFF;
    private const uint SetUserId = 0x800;
    private const uint SetGroupId = 0x400;
    private const uint GroupExecute = 0x8;

    /// <inheritdoc/>
    public Errno SetAttributes(InodeNumber inode, in AttributeChanges changes, out NodeAttributes attributes, ChangeOptions options = default)
    {
        attributes = default;
        Errno errno = CheckWritable();
        if (errno != Errno.Success)
        {
            return errno;
        }

        Inode? node = null;
        try
        {
            errno = Use(inode, out node);
            if (errno == Errno.Success)
            {
                errno = (changes.Fields & AttributeFields.Flags) != 0
                    ? ChangeFlags(node!, in changes, options, out attributes)
                    : SetAttributes(node!, in changes, options, out attributes);
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            return errno;
        }
        finally
        {
            Release(node);
        }

        return errno;
    }

    internal Errno SetAttributes(Inode inode, in AttributeChanges changes, ChangeOptions options, out NodeAttributes attributes)
    {
        attributes = default;
        if (options.Cancellation.IsCancellationRequested)
        {
            return Errno.EINTR;
        }

        Errno errno;
        LayoutBreak change;
        do
        {
            using ChangeScope scope = new(inode.Lock, _context.Freezing);
            bool setsSize = (changes.Fields & AttributeFields.Size) != 0 && changes.SizeBytes >= 0;
            attributes = default;
            errno = inode.IsGone ? Errno.ESTALE : setsSize ? SettleStateLocked(inode) : Errno.Success;
            change = new LayoutBreak(
                setsSize ? inode.Space : null,
                setsSize ? FileData.ChangedBySize(inode, changes.SizeBytes) : default,
                FileData.BreakOptionsOf(options, discards: true));
            if (errno == Errno.Success)
            {
                errno = change.TryBegin();
            }

            if (errno == Errno.Success)
            {
                try
                {
                    errno = SetAttributesLocked(inode, in changes, out attributes);
                }
                finally
                {
                    change.End();
                }
            }
        }
        while (errno == Errno.EAGAIN && (errno = change.Wait()) == Errno.Success);

        _context.Changes.WaitUntilTold();
        return errno;
    }

    private Errno SetAttributesLocked(Inode inode, in AttributeChanges changes, out NodeAttributes attributes)
    {
        attributes = default;

        if (!AreTimesValid(in changes))
        {
            return Errno.EINVAL;
        }

        bool setsSize = (changes.Fields & AttributeFields.Size) != 0;
        Errno allowed = setsSize ? CheckSize(inode, changes.SizeBytes) : Errno.Success;
        if (allowed == Errno.Success)
        {
            allowed = CheckByFlagsLocked(inode, in changes);
        }

        if (allowed != Errno.Success)
        {
            return allowed;
        }

        Timestamp now = _context.Now();
        inode.Settle(now);
        InodeRecord record = inode.Record;
        Apply(in changes, ref record, now);
        Errno errno = Errno.Success;
        bool ignoresQuota = (changes.Fields & AttributeFields.IgnoreQuota) != 0;
        if (setsSize)
        {
            errno = ignoresQuota ? Errno.Success : CheckTransferLocked(inode, in record);
            if (errno != Errno.Success)
            {
                return errno;
            }

            long firstChanged = Math.Min(inode.Record.SizeBytes, changes.SizeBytes);
            errno = _data.SetSizeLocked(inode, record, changes.SizeBytes);
            _context.Changes.Data(inode.Number, firstChanged, 0);
        }
        else if ((changes.Fields & ~AttributeFields.IgnoreQuota) != AttributeFields.None)
        {
            errno = _context.Store.Begin(out Transaction transaction);
            if (errno == Errno.Success)
            {
                using TransactionScope open = new(transaction);
                errno = ignoresQuota ? Errno.Success : _context.Quotas.CheckTransfer(transaction.Before, in inode.Record, in record);
                if (errno == Errno.Success)
                {
                    transaction.Put(InodeRecord.Key(inode.Number), record.AsBytes());
                    transaction.Commit();
                    inode.Recorded(in record);
                }
            }
        }

        attributes = inode.Record.ToAttributes(inode.Number);
        _context.Changes.Attributes(inode.Number);
        return errno;
    }

    /// <summary>Whether quotas allow other owners, in a change that is several transactions.</summary>
    private Errno CheckTransferLocked(Inode inode, in InodeRecord record)
    {
        if (!_context.Quotas.IsEnforced)
        {
            return Errno.Success;
        }

        using TreeReader tree = _context.Store.Read();
        return _context.Quotas.CheckTransfer(in tree, in inode.Record, in record);
    }

    /// <summary>A record with more nanoseconds than a second has would be taken for damage.</summary>
    private static bool AreTimesValid(in AttributeChanges changes)
    {
        const uint limit = 1_000_000_000;
        return ((changes.Fields & AttributeFields.AccessTime) == 0 || changes.AccessTime.Nanoseconds < limit)
            && ((changes.Fields & AttributeFields.ModifyTime) == 0 || changes.ModifyTime.Nanoseconds < limit)
            && ((changes.Fields & AttributeFields.ChangeTime) == 0 || changes.ChangeTime.Nanoseconds < limit);
    }

    private static Errno CheckSize(Inode inode, long sizeBytes)
    {
        if (!inode.Record.IsRegular)
        {
            return inode.Record.IsDirectory ? Errno.EISDIR : Errno.EINVAL;
        }

        return sizeBytes < 0 ? Errno.EINVAL : sizeBytes > InodeRecord.MaxSizeBytes ? Errno.EFBIG : Errno.Success;
    }

    private static void Apply(in AttributeChanges changes, ref InodeRecord record, Timestamp now)
    {
        AttributeFields fields = changes.Fields;
        if ((fields & AttributeFields.Mode) != 0)
        {
            record.Mode = record.TypeBits | (changes.Mode & PermissionBits);
        }

        if ((fields & AttributeFields.UserId) != 0)
        {
            record.UserId = changes.UserId;
        }

        if ((fields & AttributeFields.GroupId) != 0)
        {
            record.GroupId = changes.GroupId;
        }

        if ((fields & AttributeFields.KillPrivileges) != 0)
        {
            record.Mode &= ~SetUserId;
            record.Mode &= (record.Mode & GroupExecute) != 0 ? ~SetGroupId : uint.MaxValue;
        }

        record.Flags = FlagRules.FlagsAfter(record.Flags, in changes);

        if ((fields & AttributeFields.Project) != 0)
        {
            record.ProjectId = changes.ProjectId;
        }

        if ((fields & AttributeFields.Size) != 0)
        {
            record.SetModifyTime(now);
        }

        if ((fields & (AttributeFields.AccessTime | AttributeFields.AccessTimeNow)) != 0)
        {
            record.SetAccessTime((fields & AttributeFields.AccessTimeNow) != 0 ? now : changes.AccessTime);
        }

        if ((fields & (AttributeFields.ModifyTime | AttributeFields.ModifyTimeNow)) != 0)
        {
            record.SetModifyTime((fields & AttributeFields.ModifyTimeNow) != 0 ? now : changes.ModifyTime);
        }

        record.SetChangeTime((fields & AttributeFields.ChangeTime) != 0 ? changes.ChangeTime : now);
    }
}

using Adit.Fuse.Access;
using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>stat, chmod, chown, truncate and utimes. Always by inode: an unlinked open file is retained by the kernel.</summary>
internal static class AttributeHandlers
{
    private const uint NanosecondsPerSecond = 1_000_000_000;

    public static Errno GetAttr(ref Call call)
    {
        Errno outcome = call.Nodes.GetAttributes(call.Node, out NodeAttributes attributes);
        if (outcome == Errno.Success)
        {
            AttributeReply.AppendAttributes(ref call, attributes);
        }

        return outcome;
    }

    public static Errno StatX(ref Call call)
    {
        // The twelve basic fields and the birth time: STATX_BASIC_STATS | STATX_BTIME.
        const uint Mask = 0xFFF;

        if (!call.Arguments.TryRead(out StatXIn _))
        {
            return Errno.EINVAL;
        }

        Errno outcome = call.Nodes.GetAttributes(call.Node, out NodeAttributes attributes);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        call.Session.Lookups.Mark(attributes.Inode, KernelCache.Attributes);
        ref StatXOut reply = ref call.Reply.Append<StatXOut>();
        reply.AttrValidSeconds = call.LifetimeSeconds;
        reply.Mask = Mask;
        reply.BlockSize = AttributeReply.PreferredBytes;
        reply.LinkCount = attributes.LinkCount;
        reply.UserId = attributes.UserId;
        reply.GroupId = attributes.GroupId;
        reply.Mode = (ushort)attributes.Mode;
        reply.Inode = attributes.Inode.Value;
        reply.Size = (ulong)attributes.SizeBytes;
        reply.Blocks = (ulong)attributes.BlockCount * AttributeReply.SectorsPerBlock;
        Fill(ref reply.AccessTime, attributes.AccessTime);
        Fill(ref reply.BirthTime, attributes.BirthTime);
        Fill(ref reply.ChangeTime, attributes.ChangeTime);
        Fill(ref reply.ModifyTime, attributes.ModifyTime);

        // The kernel's new_encode_dev: minor bits 0-7 and 20-31, major bits 8-19.
        reply.DeviceMajor = (attributes.Device >> 8) & 0xFFF;
        reply.DeviceMinor = (attributes.Device & 0xFF) | ((attributes.Device >> 12) & 0xFFF00);
        return Errno.Success;
    }

    public static Errno SetAttr(ref Call call)
    {
        if (!call.Arguments.TryRead(out SetAttrIn request))
        {
            return Errno.EINVAL;
        }

        if ((request.Valid & SetAttrFields.Size) != 0 && request.Size > long.MaxValue)
        {
            return Errno.EFBIG;
        }

        if (Math.Max(request.AccessNanoseconds, Math.Max(request.ModifyNanoseconds, request.ChangeNanoseconds)) >= NanosecondsPerSecond)
        {
            return Errno.EINVAL;
        }

        AttributeChanges changes = ToChanges(request);
        // Nothing to set: a chown that leaves both owners as they are, or the kernel has found capabilities to be dropped.
        bool isEmpty = changes.Fields == AttributeFields.None;
        bool changesOwner = (changes.Fields & (AttributeFields.UserId | AttributeFields.GroupId)) != 0 || isEmpty;
        bool changesSize = (changes.Fields & AttributeFields.Size) != 0;
        if (changesOwner || changesSize)
        {
            Errno known = call.Nodes.GetAttributes(call.Node, out NodeAttributes before);
            if (known != Errno.Success)
            {
                return known;
            }

            // A new owner takes the bits whoever sets it; a truncation only when the kernel says so.
            // Root keeps them where only capabilities went.
            bool mayDrop = changesOwner ? !isEmpty || !call.Session.TakeCapabilityDrop(call.Header) || !call.IsRoot
                : (request.Valid & SetAttrFields.KillSetIds) != 0;
            if (before.Type == FileType.Regular && mayDrop && Privileges.HasSetIds(before.Mode) && (changes.Fields & AttributeFields.Mode) == 0)
            {
                changes.Fields |= AttributeFields.KillPrivileges;
            }

            if (before.Type == FileType.Regular)
            {
                Errno dropped = Privileges.DropCapabilities(call.Nodes, call.Node);
                if (dropped != Errno.Success)
                {
                    return dropped;
                }
            }
        }

        if (isEmpty && changes.Fields == AttributeFields.None)
        {
            changes.Fields = AttributeFields.TouchChangeTime;
        }

        // As elsewhere, root gives files away whatever their new owner may have.
        changes.Fields |= changesOwner && call.IsRoot ? AttributeFields.IgnoreQuota : 0;

        Errno outcome = call.Nodes.SetAttributes(call.Node, changes, out NodeAttributes attributes);
        if (outcome == Errno.Success && (changes.Fields & (AttributeFields.ModifyTime | AttributeFields.ModifyTimeNow)) != 0)
        {
            call.Session.Handles.ForgetWritten(call.Node);
        }

        if (outcome == Errno.Success && (changes.Fields & AttributeFields.Mode) != 0)
        {
            if ((changes.Mode & Privileges.SetIdBits) != 0)
            {
                call.Session.PrivilegesGiven();
            }

            outcome = KeepListInStep(ref call, changes.Mode);
        }

        if (outcome == Errno.Success)
        {
            AttributeReply.AppendAttributes(ref call, attributes);
        }

        return outcome;
    }

    private static AttributeChanges ToChanges(in SetAttrIn request)
    {
        AttributeFields fields = AttributeFields.None;
        fields |= Map(request.Valid, SetAttrFields.Mode, AttributeFields.Mode);
        fields |= Map(request.Valid, SetAttrFields.UserId, AttributeFields.UserId);
        fields |= Map(request.Valid, SetAttrFields.GroupId, AttributeFields.GroupId);
        fields |= Map(request.Valid, SetAttrFields.Size, AttributeFields.Size);
        fields |= Map(request.Valid, SetAttrFields.ChangeTime, AttributeFields.ChangeTime);
        fields |= (request.Valid & SetAttrFields.AccessTimeNow) != 0
            ? AttributeFields.AccessTimeNow
            : Map(request.Valid, SetAttrFields.AccessTime, AttributeFields.AccessTime);
        fields |= (request.Valid & SetAttrFields.ModifyTimeNow) != 0
            ? AttributeFields.ModifyTimeNow
            : Map(request.Valid, SetAttrFields.ModifyTime, AttributeFields.ModifyTime);
        return new AttributeChanges
        {
            Fields = fields,
            Mode = request.Mode & 0xFFF,
            UserId = request.UserId,
            GroupId = request.GroupId,
            SizeBytes = (long)request.Size,
            AccessTime = new Timestamp((long)request.AccessSeconds, request.AccessNanoseconds),
            ModifyTime = new Timestamp((long)request.ModifySeconds, request.ModifyNanoseconds),
            ChangeTime = new Timestamp((long)request.ChangeSeconds, request.ChangeNanoseconds),
        };
    }

    private static AttributeFields Map(SetAttrFields valid, SetAttrFields field, AttributeFields meaning) =>
        (valid & field) != 0 ? meaning : AttributeFields.None;

    /// <summary>A chmod changes the owner, mask and other entries of an access list.</summary>
    private static Errno KeepListInStep(ref Call call, uint mode)
    {
        Span<byte> list = call.Channel.InheritedAccess;
        Errno outcome = call.Nodes.GetExtendedAttribute(call.Node, AccessControlList.AccessName, list, out int lengthBytes);
        if (outcome is Errno.ENODATA or Errno.ENOTSUP)
        {
            return Errno.Success;
        }

        if (outcome != Errno.Success)
        {
            return outcome;
        }

        list = list[..lengthBytes];
        if (!AccessControlList.IsValid(list))
        {
            return Errno.EIO;
        }

        AccessControlList.ApplyMode(list, mode);
        return call.Nodes.SetExtendedAttribute(call.Node, AccessControlList.AccessName, list, AttributeSetMode.CreateOrReplace);
    }

    private static void Fill(ref StatXTime time, Timestamp value)
    {
        time.Seconds = value.Seconds;
        time.Nanoseconds = value.Nanoseconds;
    }
}

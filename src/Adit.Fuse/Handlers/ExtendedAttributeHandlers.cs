using Adit.Format;
using Adit.Fuse.Access;
using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>Extended attributes of all namespaces; the kernel has checked who may. An access list also sets the mode.</summary>
internal static class ExtendedAttributeHandlers
{
    /// <summary>XATTR_NAME_MAX and XATTR_SIZE_MAX of the kernel.</summary>
    private const int MaxNameBytes = 255;
    private const int MaxValueBytes = 64 << 10;
    private const uint SetGroupId = 0x400;

    /// <summary>Both flags of setxattr(2) at once: no state of the attribute satisfies them.</summary>
    private const uint CreateAndReplace = 3;

    public static Errno GetXAttr(ref Call call)
    {
        if (!call.Arguments.TryRead(out GetXAttrIn get) || !ReadName(ref call.Arguments, out ReadOnlySpan<byte> name))
        {
            return Errno.EINVAL;
        }

        Errno known = AttributeNames.Check(name);
        if (known != Errno.Success)
        {
            return known;
        }

        Span<byte> value = call.Reply.Free((int)Math.Min(get.Size, MaxValueBytes));
        Errno outcome = call.Nodes.GetExtendedAttribute(call.Node, name, value, out int lengthBytes);
        return Reply(ref call, outcome, get.Size, lengthBytes);
    }

    public static Errno ListXAttr(ref Call call)
    {
        if (!call.Arguments.TryRead(out GetXAttrIn list))
        {
            return Errno.EINVAL;
        }

        // All of them are read first: what the caller may not see leaves room for the others.
        Span<byte> names = call.Reply.Free(MaxValueBytes + sizeof(ulong))[sizeof(ulong)..];
        Errno outcome = call.Nodes.ListExtendedAttributes(call.Node, names, out int lengthBytes);
        if (outcome == Errno.ERANGE)
        {
            return Errno.E2BIG;
        }

        if (outcome == Errno.Success)
        {
            lengthBytes = AttributeNames.HasHidden(names[..lengthBytes]) ? AttributeNames.KeepVisible(names[..lengthBytes], call.IsRoot) : lengthBytes;
            names[..lengthBytes].CopyTo(call.Reply.Free(MaxValueBytes));
        }

        return Reply(ref call, outcome, list.Size, lengthBytes);
    }

    public static Errno SetXAttr(ref Call call)
    {
        SetXAttrExtension extension = default;
        bool isExtended = call.Session.Negotiated?.Has(InitFlags.SetXAttrExtended) ?? false;
        if (!call.Arguments.TryRead(out SetXAttrIn set)
            || (isExtended && !call.Arguments.TryRead(out extension))
            || !ReadName(ref call.Arguments, out ReadOnlySpan<byte> name)
            || !call.Arguments.TryReadBytes(set.Size, out ReadOnlySpan<byte> value)
            || set.Flags > CreateAndReplace)
        {
            return Errno.EINVAL;
        }

        Errno known = AttributeNames.Check(name);
        if (known != Errno.Success)
        {
            return known;
        }

        if (value.Length > MaxValueBytes)
        {
            return Errno.E2BIG;
        }

        if (name.SequenceEqual(AccessControlList.AccessName))
        {
            return SetAccessList(ref call, value, extension);
        }

        if (name.SequenceEqual(AccessControlList.DefaultName) && (value.Length > AccessControlList.MaxBytes || !AccessControlList.IsValid(value)))
        {
            return Errno.EINVAL;
        }

        Errno outcome = Errno.Success;
        if (set.Flags == CreateAndReplace)
        {
            outcome = FindNeither(call.Nodes, call.Node, name);
        }
        else if (!call.IsDone)
        {
            call.Channel.Arm();
            outcome = call.Nodes.SetExtendedAttribute(call.Node, name, value, (AttributeSetMode)set.Flags);
            call.Channel.Disarm();
        }

        if (name.SequenceEqual(Privileges.CapabilityName))
        {
            call.Session.PrivilegesGiven();
        }

        return outcome;
    }

    public static Errno RemoveXAttr(ref Call call)
    {
        if (!ReadName(ref call.Arguments, out ReadOnlySpan<byte> name))
        {
            return Errno.EINVAL;
        }

        Errno outcome = AttributeNames.Check(name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (!call.IsDone)
        {
            call.Channel.Arm();
            outcome = call.Nodes.RemoveExtendedAttribute(call.Node, name);
            call.Channel.Disarm();
        }

        if (outcome == Errno.Success && name.SequenceEqual(Privileges.CapabilityName))
        {
            call.Session.RememberCapabilityDrop(call.Header);
        }

        // The kernel removes a list that may well not be there.
        bool isList = name.SequenceEqual(AccessControlList.AccessName) || name.SequenceEqual(AccessControlList.DefaultName);
        return outcome == Errno.ENODATA && isList ? Errno.Success : outcome;
    }

    private static Errno FindNeither(INodeOperations nodes, InodeNumber node, ReadOnlySpan<byte> name)
    {
        Errno outcome = nodes.GetExtendedAttribute(node, name, default, out _);
        return outcome == Errno.Success ? Errno.EEXIST : outcome;
    }

    /// <summary>The mode shows the list's owner, mask and others; a list that says no more than the mode is not kept.</summary>
    private static Errno SetAccessList(ref Call call, ReadOnlySpan<byte> list, in SetXAttrExtension extension)
    {
        if (list.Length > AccessControlList.MaxBytes || !AccessControlList.IsValid(list))
        {
            return Errno.EINVAL;
        }

        Errno outcome = call.Nodes.GetAttributes(call.Node, out NodeAttributes attributes);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        bool isMinimal = AccessControlList.ToMode(list, out uint permissions);
        outcome = isMinimal
            ? call.Nodes.RemoveExtendedAttribute(call.Node, AccessControlList.AccessName)
            : call.Nodes.SetExtendedAttribute(call.Node, AccessControlList.AccessName, list, AttributeSetMode.CreateOrReplace);
        if (outcome != Errno.Success && !(isMinimal && outcome == Errno.ENODATA))
        {
            return outcome;
        }

        uint mode = (attributes.Mode & 0xE00) | permissions;
        if ((extension.SetXAttrFlags & SetXAttrExtension.AclKillSetGid) != 0)
        {
            mode &= ~SetGroupId;
        }

        AttributeChanges changes = new() { Fields = AttributeFields.Mode, Mode = mode };
        return call.Nodes.SetAttributes(call.Node, changes, out _);
    }

    private static bool ReadName(ref ArgumentCursor arguments, out ReadOnlySpan<byte> name) =>
        arguments.TryReadString(out name) && name.Length is > 0 and <= MaxNameBytes;

    /// <summary>Asked with size 0 the length is the reply, else the bytes.</summary>
    private static Errno Reply(ref Call call, Errno outcome, uint askedSize, int lengthBytes)
    {
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (askedSize == 0)
        {
            call.Reply.Append<GetXAttrOut>().Size = (uint)lengthBytes;
            return Errno.Success;
        }

        if ((uint)lengthBytes > askedSize)
        {
            return Errno.ERANGE;
        }

        call.Reply.Advance(lengthBytes);
        return Errno.Success;
    }
}

using Adit.Format;
using Adit.Fuse.Handles;
using Adit.Fuse.Requests;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Access;

/// <summary>Takes setuid, setgid and file capabilities from a file whose content or owner changes. With
/// FUSE_HANDLE_KILLPRIV_V2 the kernel leaves this to the server and says when the caller may not keep the bits.</summary>
internal static class Privileges
{
    public const uint SetIdBits = 0xC00;
    private const uint SetUserId = 0x800;
    private const uint SetGroupId = 0x400;
    private const uint GroupExecute = 8;

    public static ReadOnlySpan<byte> CapabilityName => "security.capability"u8;

    /// <summary>True when a change by an unprivileged caller takes something from this mode. Setgid without group
    /// execution is no privilege.</summary>
    public static bool HasSetIds(uint mode) =>
        (mode & SetIdBits) != 0 && ((mode & SetUserId) != 0 || (mode & (SetGroupId | GroupExecute)) == (SetGroupId | GroupExecute));

    /// <summary>Takes what a write takes. What a handle is known to be without is not looked for again until somebody
    /// gives privileges to some file: a write costs two comparisons.</summary>
    public static Errno DropForWrite(ref Call call, ulong handle, in OpenHandle opened, bool alsoSetIds)
    {
        int epoch = call.Session.PrivilegeEpoch;
        HandleTable handles = call.Session.Handles;
        Errno outcome = Errno.Success;
        if (!handles.IsUnprivileged(handle, epoch, setIds: false))
        {
            outcome = DropCapabilities(call.Nodes, opened.File.Inode);
            if (outcome == Errno.Success)
            {
                handles.MarkUnprivileged(handle, epoch, setIds: false);
            }
        }

        if (outcome == Errno.Success && alsoSetIds && !handles.IsUnprivileged(handle, epoch, setIds: true))
        {
            outcome = DropSetIds(ref call, opened.File.Inode, opened.File.Attributes.Mode);
            if (outcome == Errno.Success)
            {
                handles.MarkUnprivileged(handle, epoch, setIds: true);
            }
        }

        return outcome;
    }

    /// <summary>Takes the bits of an open file, if there are any. The reply to a write carries no attributes, and the
    /// kernel would go on showing and honouring the old mode: it is told before the reply.</summary>
    public static Errno DropSetIds(ref Call call, InodeNumber inode, uint mode)
    {
        if (!HasSetIds(mode))
        {
            return Errno.Success;
        }

        AttributeChanges changes = new() { Fields = AttributeFields.KillPrivileges };
        Errno outcome = call.Nodes.SetAttributes(inode, changes, out _);
        if (outcome == Errno.Success)
        {
            call.Session.Notifier.InvalidateAttributesOfOpen(inode);
        }

        return outcome;
    }

    /// <summary>Takes file capabilities, if there are any: a change of content or owner does, whoever makes it.</summary>
    public static Errno DropCapabilities(INodeOperations nodes, InodeNumber inode)
    {
        Errno outcome = nodes.GetExtendedAttribute(inode, CapabilityName, default, out _);
        if (outcome == Errno.Success)
        {
            outcome = nodes.RemoveExtendedAttribute(inode, CapabilityName);
        }

        return outcome is Errno.ENODATA or Errno.ENOTSUP ? Errno.Success : outcome;
    }
}

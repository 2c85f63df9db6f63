using System.Buffers.Binary;
using Adit.Fuse.Access;
using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>The inode flags of lsattr, chattr and xfs_io. The kernel passes these from any opener: who may is checked here.</summary>
internal static class IoCtlHandlers
{
    private const uint GetFlags = 0x8008_6601;
    private const uint SetFlags = 0x4008_6602;
    private const uint GetXFlags = 0x801C_581F;
    private const uint SetXFlags = 0x401C_5820;

    /// <summary>FITRIM.</summary>
    private const uint Trim = 0xC018_5879;
    private const int FlagsBytes = 4;
    private const int XFlagsBytes = 28;
    private const int ProjectOffset = 12;

    public static Errno IoCtl(ref Call call)
    {
        if (!call.Arguments.TryRead(out IoCtlIn control) || !call.Arguments.TryReadBytes(control.InSize, out ReadOnlySpan<byte> input))
        {
            return Errno.EINVAL;
        }

        return control.Command switch
        {
            GetFlags => Get(ref call, control, FlagsBytes),
            GetXFlags => Get(ref call, control, XFlagsBytes),
            SetFlags when input.Length >= FlagsBytes =>
                Set(ref call, BinaryPrimitives.ReadUInt32LittleEndian(input), InodeFlags.Visible, project: null),
            SetXFlags when input.Length >= XFlagsBytes => SetX(ref call, input),
            SetFlags or SetXFlags => Errno.EINVAL,
            ShutdownHandlers.GoDown => ShutdownHandlers.ShutDown(ref call, control),

            // There is no device below that would want to know of free space.
            Trim => Errno.ENOTSUP,
            _ => Errno.ENOTTY,
        };
    }

    /// <summary>Replies exactly the bytes that the caller has room for.</summary>
    private static Errno Get(ref Call call, in IoCtlIn control, int sizeBytes)
    {
        if (control.OutSize < (uint)sizeBytes)
        {
            return Errno.EINVAL;
        }

        Errno outcome = call.Nodes.GetAttributes(call.Node, out NodeAttributes attributes);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        call.Reply.Append<IoCtlOut>();
        Span<byte> output = call.Reply.Free((int)Math.Min(control.OutSize, 4096));
        output.Clear();
        if (sizeBytes == FlagsBytes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output, attributes.Flags & InodeFlags.Visible);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output, InodeFlags.ToXFlags(attributes.Flags));
            BinaryPrimitives.WriteUInt32LittleEndian(output[ProjectOffset..], attributes.ProjectId);
        }

        call.Reply.Advance(output.Length);
        return Errno.Success;
    }

    private static Errno SetX(ref Call call, ReadOnlySpan<byte> input)
    {
        // struct fsxattr: flags, extent size, extents (told only), project, copy-on-write extent size, padding.
        uint extentSize = BinaryPrimitives.ReadUInt32LittleEndian(input[4..]);
        uint project = BinaryPrimitives.ReadUInt32LittleEndian(input[ProjectOffset..]);
        uint copyExtentSize = BinaryPrimitives.ReadUInt32LittleEndian(input[16..]);
        if (extentSize != 0 || copyExtentSize != 0)
        {
            return Errno.ENOTSUP;
        }

        uint xflags = BinaryPrimitives.ReadUInt32LittleEndian(input);
        return InodeFlags.TryFromXFlags(xflags, out uint flags) ? Set(ref call, flags, InodeFlags.HaveXFlags, project) : Errno.ENOTSUP;
    }

    /// <param name="mask">The flags that this way of setting them knows.</param>
    /// <param name="project">The project id, or null to leave it.</param>
    private static Errno Set(ref Call call, uint flags, uint mask, uint? project)
    {
        if (call.Options.ReadOnly)
        {
            return Errno.EROFS;
        }

        Errno outcome = call.Nodes.GetAttributes(call.Node, out NodeAttributes attributes);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        outcome = Check(ref call, in attributes, flags, mask);
        uint changed = (attributes.Flags ^ flags) & mask;
        bool changesProject = project is not null && project != attributes.ProjectId;
        if (outcome == Errno.Success && (changed != 0 || changesProject))
        {
            AttributeChanges changes = new()
            {
                Fields = (changed != 0 ? AttributeFields.Flags : 0) | (changesProject ? AttributeFields.Project : 0)
                    | (call.IsRoot ? AttributeFields.IgnoreQuota : 0),
                Flags = flags,
                FlagsMask = changed,
                ProjectId = project ?? 0,
            };
            outcome = call.Nodes.SetAttributes(call.Node, changes, out _);
            if (outcome == Errno.Success && call.Options.Synchronous)
            {
                outcome = call.Nodes.SyncVolume();
            }
        }

        if (outcome == Errno.Success)
        {
            call.Reply.Append<IoCtlOut>();
        }

        return outcome;
    }

    /// <summary>Whether the caller may, in the kernel's order: only the owner, for some flags only with privilege, known flags only.</summary>
    private static Errno Check(ref Call call, in NodeAttributes attributes, uint flags, uint mask)
    {
        // A kernel that does not say who asks (Linux 6.12 and newer) has checked both itself, by the ids that the caller's mount shows.
        if (!call.IsUnnamed && call.Header.UserId != 0 && call.Header.UserId != attributes.UserId)
        {
            return Errno.EPERM;
        }

        uint privileged = (attributes.Flags ^ flags) & mask & (uint)FileFlags.Privileged;
        if (privileged != 0 && !ProcessRights.MayOtherFixFiles(call.Header.UserId, call.Header.ProcessId))
        {
            return Errno.EPERM;
        }

        return (flags & ~mask) != 0 ? Errno.ENOTSUP : Errno.Success;
    }
}

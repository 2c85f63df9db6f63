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
    private const int FlagsBytes = 4;
    private const int XFlagsBytes = 28;

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
                Set(ref call, BinaryPrimitives.ReadUInt32LittleEndian(input)),
            SetXFlags when input.Length >= XFlagsBytes => SetX(ref call, input),
            SetFlags or SetXFlags => Errno.EINVAL,
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

        uint value = sizeBytes == FlagsBytes ? attributes.Flags & InodeFlags.Visible : InodeFlags.ToXFlags(attributes.Flags);
        call.Reply.Append<IoCtlOut>();
        Span<byte> output = call.Reply.Free((int)Math.Min(control.OutSize, 4096));
        output.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(output, value);
        call.Reply.Advance(output.Length);
        return Errno.Success;
    }

    private static Errno SetX(ref Call call, ReadOnlySpan<byte> input)
    {
        // struct fsxattr: flags, extent size, extents (told only), project, copy-on-write extent size, padding.
        uint extentSize = BinaryPrimitives.ReadUInt32LittleEndian(input[4..]);
        uint project = BinaryPrimitives.ReadUInt32LittleEndian(input[12..]);
        uint copyExtentSize = BinaryPrimitives.ReadUInt32LittleEndian(input[16..]);
        if (extentSize != 0 || copyExtentSize != 0 || project != 0)
        {
            return Errno.ENOTSUP;
        }

        uint xflags = BinaryPrimitives.ReadUInt32LittleEndian(input);
        return InodeFlags.TryFromXFlags(xflags, out uint flags) ? Set(ref call, flags) : Errno.ENOTSUP;
    }

    private static Errno Set(ref Call call, uint flags)
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

        uint changed = (attributes.Flags ^ flags) & InodeFlags.Visible;
        if (call.Header.UserId != 0 && call.Header.UserId != attributes.UserId)
        {
            return Errno.EPERM;
        }

        if (((changed & ~InodeFlags.Settable) | (flags & ~InodeFlags.Visible)) != 0)
        {
            return Errno.ENOTSUP;
        }

        if (changed != 0)
        {
            AttributeChanges changes = new() { Fields = AttributeFields.Flags, Flags = attributes.Flags ^ changed };
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
}

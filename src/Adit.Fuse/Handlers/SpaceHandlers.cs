using Adit.Fuse.Access;
using Adit.Fuse.Handles;
using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>fallocate(2) and lseek(2) for data and holes.</summary>
internal static class SpaceHandlers
{
    public static Errno FAllocate(ref Call call)
    {
        if (!call.Arguments.TryRead(out FAllocateIn allocate) || allocate.Offset > long.MaxValue
            || allocate.Length is 0 or > long.MaxValue)
        {
            return Errno.EINVAL;
        }

        if (allocate.Offset + allocate.Length > long.MaxValue)
        {
            return Errno.EFBIG;
        }

        if (!call.Session.Handles.TryGet(allocate.Handle, out OpenHandle opened) || !OpenRequestFlags.Writes(opened.Flags))
        {
            return Errno.EBADF;
        }

        Errno outcome = DropPrivileges(ref call, opened.File);
        return outcome != Errno.Success
            ? outcome
            : opened.File.Allocate((AllocateMode)allocate.Mode, (long)allocate.Offset, (long)allocate.Length);
    }

    public static Errno LSeek(ref Call call)
    {
        if (!call.Arguments.TryRead(out LSeekIn seek) || seek.Whence is not (LSeekIn.SeekData or LSeekIn.SeekHole))
        {
            return Errno.EINVAL;
        }

        if (seek.Offset > long.MaxValue)
        {
            return Errno.ENXIO;
        }

        if (!call.Session.Handles.TryGet(seek.Handle, out OpenHandle opened))
        {
            return Errno.EBADF;
        }

        SeekTarget target = seek.Whence == LSeekIn.SeekData ? SeekTarget.Data : SeekTarget.Hole;
        Errno outcome = opened.File.Seek((long)seek.Offset, target, out long found);
        if (outcome == Errno.Success)
        {
            call.Reply.Append<LSeekOut>().Offset = (ulong)found;
        }

        return outcome;
    }

    /// <summary>For fallocate and copy_file_range the kernel does not say whether the caller may keep setuid: only
    /// root's capabilities are taken for granted.</summary>
    public static Errno DropPrivileges(ref Call call, IOpenFile file)
    {
        uint mode = file.Attributes.Mode;
        Errno outcome = !Privileges.HasSetIds(mode) || call.IsRoot ? Errno.Success : Privileges.DropSetIds(ref call, file.Inode, mode);
        return outcome == Errno.Success ? Privileges.DropCapabilities(call.Nodes, file.Inode) : outcome;
    }
}

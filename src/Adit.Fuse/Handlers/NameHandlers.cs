using Adit.Format;
using Adit.Fuse.Access;
using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>Making, linking, moving and removing names.</summary>
internal static class NameHandlers
{
    private const int MaxTargetBytes = 4095;

    public static Errno MkNod(ref Call call)
    {
        if (!call.Arguments.TryRead(out MkNodIn make))
        {
            return Errno.EINVAL;
        }

        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        outcome = CreationMode.For(ref call, make.Mode, make.Umask, out CreationMode mode);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (call.IsDone)
        {
            return ReplyMade(ref call, call.ReadMade(out NodeAttributes found), mode, found);
        }

        call.Channel.Arm();
        outcome = call.Nodes.MakeNode(call.Node, name, mode.Mode, make.Device, call.Caller, out NodeAttributes attributes);
        call.Channel.Disarm();
        return ReplyMade(ref call, outcome, mode, attributes);
    }

    public static Errno MkDir(ref Call call)
    {
        if (!call.Arguments.TryRead(out MkDirIn make))
        {
            return Errno.EINVAL;
        }

        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        outcome = CreationMode.For(ref call, make.Mode | (uint)FileType.Directory, make.Umask, out CreationMode mode);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (call.IsDone)
        {
            return ReplyMade(ref call, call.ReadMade(out NodeAttributes found), mode, found);
        }

        call.Channel.Arm();
        outcome = call.Nodes.MakeDirectory(call.Node, name, mode.Mode, call.Caller, out NodeAttributes attributes);
        call.Channel.Disarm();
        return ReplyMade(ref call, outcome, mode, attributes);
    }

    public static Errno SymLink(ref Call call)
    {
        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (!call.Arguments.TryReadString(out ReadOnlySpan<byte> target) || target.IsEmpty)
        {
            return Errno.EINVAL;
        }

        if (target.Length > MaxTargetBytes)
        {
            return Errno.ENAMETOOLONG;
        }

        if (call.IsDone)
        {
            return ReplyEntry(ref call, call.ReadMade(out NodeAttributes found), found);
        }

        call.Channel.Arm();
        outcome = call.Nodes.MakeSymbolicLink(call.Node, name, target, call.Caller, out NodeAttributes attributes);
        call.Channel.Disarm();
        return ReplyEntry(ref call, outcome, attributes);
    }

    public static Errno ReadLink(ref Call call)
    {
        Errno outcome = call.Nodes.ReadSymbolicLink(call.Node, call.Reply.Free(MaxTargetBytes + 1), out int lengthBytes);
        if (outcome == Errno.Success)
        {
            call.Reply.Advance(lengthBytes);
        }

        return outcome;
    }

    public static Errno Link(ref Call call)
    {
        if (!call.Arguments.TryRead(out LinkIn link) || link.OldNodeId == 0)
        {
            return Errno.EINVAL;
        }

        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (call.IsDone)
        {
            return ReplyEntry(ref call, call.ReadMade(out NodeAttributes found), found);
        }

        call.Channel.Arm();
        outcome = call.Nodes.Link(new InodeNumber(link.OldNodeId), call.Node, name, out NodeAttributes attributes);
        call.Channel.Disarm();
        return ReplyEntry(ref call, outcome, attributes);
    }

    public static Errno Unlink(ref Call call)
    {
        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome == Errno.Success && !call.IsDone)
        {
            call.Channel.Arm();
            outcome = call.Nodes.Unlink(call.Node, name);
            call.Channel.Disarm();
        }

        return outcome;
    }

    public static Errno RmDir(ref Call call)
    {
        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome == Errno.Success && !call.IsDone)
        {
            call.Channel.Arm();
            outcome = call.Nodes.RemoveDirectory(call.Node, name);
            call.Channel.Disarm();
        }

        return outcome;
    }

    public static Errno Rename(ref Call call) =>
        call.Arguments.TryRead(out RenameIn rename) ? Rename(ref call, rename.NewDirectory, RenameFlags.None) : Errno.EINVAL;

    public static Errno Rename2(ref Call call) =>
        call.Arguments.TryRead(out Rename2In rename) ? Rename(ref call, rename.NewDirectory, (RenameFlags)rename.Flags) : Errno.EINVAL;

    private static Errno Rename(ref Call call, ulong newDirectory, RenameFlags flags)
    {
        const RenameFlags Known = RenameFlags.NoReplace | RenameFlags.Exchange | RenameFlags.Whiteout;
        bool contradicts = (flags & RenameFlags.Exchange) != 0 && flags != RenameFlags.Exchange;
        if (newDirectory == 0 || (flags & ~Known) != 0 || contradicts)
        {
            return Errno.EINVAL;
        }

        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> newName);
        if (outcome == Errno.Success && !call.IsDone)
        {
            call.Channel.Arm();
            outcome = call.Nodes.Rename(call.Node, name, new InodeNumber(newDirectory), newName, flags);
            call.Channel.Disarm();
        }

        return outcome;
    }

    private static Errno ReplyMade(ref Call call, Errno outcome, in CreationMode mode, in NodeAttributes attributes)
    {
        if (outcome == Errno.Success)
        {
            outcome = mode.GiveLists(ref call, attributes.Inode);
            if (outcome != Errno.Success)
            {
                call.Nodes.Forget(attributes.Inode, 1);
            }
        }

        return ReplyEntry(ref call, outcome, attributes);
    }

    private static Errno ReplyEntry(ref Call call, Errno outcome, in NodeAttributes attributes)
    {
        if (outcome == Errno.Success)
        {
            AttributeReply.AppendEntry(ref call, attributes);
        }

        return outcome;
    }
}

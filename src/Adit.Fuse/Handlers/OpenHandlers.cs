using Adit.Fuse.Access;
using Adit.Fuse.Handles;
using Adit.Fuse.Options;
using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>Opening, making, syncing and closing files.</summary>
internal static class OpenHandlers
{
    public static Errno Open(ref Call call)
    {
        if (!call.Arguments.TryRead(out OpenIn open))
        {
            return Errno.EINVAL;
        }

        if (call.Options.ReadOnly && OpenRequestFlags.Writes(open.Flags))
        {
            return Errno.EROFS;
        }

        Errno outcome = call.Nodes.Open(call.Node, OpenRequestFlags.ToIntent(open.Flags), out IOpenFile? file);
        if (outcome == Errno.Success && (open.Flags & OpenRequestFlags.Truncate) != 0)
        {
            outcome = DropPrivilegesAfterTruncation(ref call, file!, open.OpenFlags);
        }

        return ReplyOpened(ref call, outcome, file, open.Flags);
    }

    /// <summary>The kernel believes that the name is free; another user of the volume may have been faster.</summary>
    public static Errno Create(ref Call call)
    {
        if (!call.Arguments.TryRead(out CreateIn create))
        {
            return Errno.EINVAL;
        }

        Errno outcome = EntryName.Read(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        outcome = CreationMode.For(ref call, create.Mode, create.Umask, out CreationMode mode);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        OpenIntent intent = OpenRequestFlags.ToIntent(create.Flags);
        if (call.IsDone)
        {
            outcome = ReopenMade(ref call, create.Flags, out NodeAttributes found, out IOpenFile? made);
            return outcome == Errno.Success ? ReplyMade(ref call, mode, found, made!, create.Flags) : outcome;
        }

        call.Channel.Arm();
        outcome = call.Nodes.Create(call.Node, name, mode.Mode, intent & ~OpenIntent.Truncate, call.Caller, out NodeAttributes attributes, out IOpenFile? file);
        call.Channel.Disarm();
        if (outcome == Errno.Success)
        {
            return ReplyMade(ref call, mode, attributes, file!, create.Flags);
        }

        if (outcome != Errno.EEXIST || (create.Flags & OpenRequestFlags.Exclusive) != 0)
        {
            return outcome;
        }

        outcome = call.Nodes.Lookup(call.Node, name, out attributes);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        outcome = call.Nodes.Open(attributes.Inode, intent, out file);
        if (outcome != Errno.Success)
        {
            call.Nodes.Forget(attributes.Inode, 1);
            return outcome;
        }

        AttributeReply.AppendEntry(ref call, file!.Attributes);
        return ReplyOpened(ref call, Errno.Success, file, create.Flags);
    }

    public static Errno TmpFile(ref Call call)
    {
        if (!call.Arguments.TryRead(out CreateIn create))
        {
            return Errno.EINVAL;
        }

        Errno outcome = CreationMode.For(ref call, create.Mode, create.Umask, out CreationMode mode);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        NodeAttributes attributes;
        IOpenFile? file;
        if (call.IsDone)
        {
            outcome = ReopenMade(ref call, create.Flags, out attributes, out file);
        }
        else
        {
            call.Channel.Arm();
            outcome = call.Nodes.MakeTemporary(call.Node, mode.Mode, call.Caller, out attributes, out file);
            call.Channel.Disarm();
        }

        return outcome != Errno.Success ? outcome : ReplyMade(ref call, mode, attributes, file!, create.Flags);
    }

    public static Errno Release(ref Call call)
    {
        if (!call.Arguments.TryRead(out ReleaseIn release))
        {
            return Errno.EINVAL;
        }

        if (!call.Session.Handles.TryRemove(release.Handle, out OpenHandle opened))
        {
            // Asked again: another server has closed it.
            return (call.Header.Unique & InHeader.ResendBit) != 0 ? Errno.Success : Errno.EBADF;
        }

        call.Nodes.Close(opened.File);
        return Errno.Success;
    }

    public static Errno FSync(ref Call call)
    {
        if (!call.Arguments.TryRead(out FSyncIn sync))
        {
            return Errno.EINVAL;
        }

        return call.Session.Handles.TryGet(sync.Handle, out OpenHandle opened)
            ? opened.File.Sync((sync.Flags & FSyncIn.DataOnly) != 0)
            : Errno.EBADF;
    }

    private static Errno DropPrivilegesAfterTruncation(ref Call call, IOpenFile file, uint openFlags)
    {
        Errno outcome = Privileges.DropCapabilities(call.Nodes, call.Node);
        return outcome == Errno.Success && (openFlags & OpenIn.KillSetIds) != 0
            ? Privileges.DropSetIds(ref call, call.Node, file.Attributes.Mode)
            : outcome;
    }

    private static Errno ReplyMade(ref Call call, in CreationMode mode, in NodeAttributes attributes, IOpenFile file, uint flags)
    {
        Errno outcome = mode.GiveLists(ref call, attributes.Inode);
        if (outcome != Errno.Success)
        {
            file.Dispose();
            call.Nodes.Forget(attributes.Inode, 1);
            return outcome;
        }

        AttributeReply.AppendEntry(ref call, attributes);
        return ReplyOpened(ref call, Errno.Success, file, flags);
    }

    /// <summary>Opens what a request that is done has made.</summary>
    private static Errno ReopenMade(ref Call call, uint flags, out NodeAttributes attributes, out IOpenFile? file)
    {
        file = null;
        Errno outcome = call.ReadMade(out attributes);
        return outcome == Errno.Success ? call.Nodes.Reopen(attributes.Inode, OpenRequestFlags.ToIntent(flags), out file) : outcome;
    }

    /// <summary>Gives the file a handle.</summary>
    private static unsafe Errno ReplyOpened(ref Call call, Errno outcome, IOpenFile? file, uint flags)
    {
        ulong handle = 0;
        if (outcome == Errno.Success && !call.Session.Handles.TryAdd(new OpenHandle(file!, flags), out handle, ref call.Channel.Area->Handle))
        {
            outcome = Errno.ENFILE;
        }

        if (outcome != Errno.Success)
        {
            file?.Dispose();
            return outcome;
        }

        ref OpenOut reply = ref call.Reply.Append<OpenOut>();
        reply.Handle = handle;
        reply.Flags = CachePolicy.For(call.Options.Dax, file!, flags);
        return Errno.Success;
    }
}

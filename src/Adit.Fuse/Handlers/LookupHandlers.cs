using Adit.Format;
using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>Names to nodes, and nodes given back.</summary>
internal static class LookupHandlers
{
    public static Errno Lookup(ref Call call)
    {
        Errno outcome = EntryName.ReadForLookup(ref call.Arguments, out ReadOnlySpan<byte> name);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (name.SequenceEqual("."u8))
        {
            return LookupItself(ref call);
        }

        outcome = call.Nodes.Lookup(call.Node, name, out NodeAttributes attributes);
        if (outcome == Errno.ENOENT)
        {
            // Node 0 with a lifetime lets the kernel remember that there is no such name.
            call.Reply.Append<EntryOut>().EntryValidSeconds = call.LifetimeSeconds;
            return Errno.Success;
        }

        if (outcome == Errno.Success)
        {
            AttributeReply.AppendEntry(ref call, attributes);
        }

        return outcome;
    }

    /// <summary>A file handle is opened: its inode, which the kernel does not hold any more, is held again. Of whatever kind it is.</summary>
    private static Errno LookupItself(ref Call call)
    {
        Errno outcome = call.Nodes.Retain(call.Node, out NodeAttributes attributes);
        if (outcome == Errno.Success)
        {
            AttributeReply.AppendEntry(ref call, attributes);
        }

        return outcome;
    }

    public static Errno Forget(ref Call call)
    {
        if (call.Arguments.TryRead(out ForgetIn forget))
        {
            Release(ref call, call.Header.NodeId, forget.Count);
        }

        return Errno.Success;
    }

    public static Errno BatchForget(ref Call call)
    {
        if (call.Arguments.TryRead(out BatchForgetIn batch))
        {
            for (uint index = 0; index < batch.Count && call.Arguments.TryRead(out ForgetOne one); index++)
            {
                Release(ref call, one.NodeId, one.Count);
            }
        }

        return Errno.Success;
    }

    private static unsafe void Release(ref Call call, ulong nodeId, ulong count)
    {
        InodeNumber inode = new(nodeId);
        ulong held = call.Session.Lookups.Release(inode, count, call.Channel.Area);
        if (held != 0)
        {
            call.Nodes.Forget(inode, held);
        }
        else
        {
            call.Channel.ForgottenNothing();
        }
    }
}

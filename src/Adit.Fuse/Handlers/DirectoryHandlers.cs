using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;

namespace Adit.Fuse.Handlers;

/// <summary>Reading directories. Nothing is kept between requests: a cookie says where to go on, so an open directory
/// needs no handle and no memory here.</summary>
internal static class DirectoryHandlers
{
    public static Errno OpenDir(ref Call call)
    {
        if (!call.Arguments.TryRead(out OpenIn _))
        {
            return Errno.EINVAL;
        }

        call.Reply.Append<OpenOut>();
        return Errno.Success;
    }

    public static Errno ReadDir(ref Call call) => Fill(ref call, withAttributes: false);

    public static Errno ReadDirPlus(ref Call call) => Fill(ref call, withAttributes: true);

    public static Errno ReleaseDir(ref Call call) => Errno.Success;

    public static Errno FSyncDir(ref Call call) => call.Nodes.SyncDirectory(call.Node);

    private static unsafe Errno Fill(ref Call call, bool withAttributes)
    {
        if (!call.Arguments.TryRead(out ReadIn read))
        {
            return Errno.EINVAL;
        }

        ReaderChannel channel = call.Channel;
        int capacity = (int)Math.Min(read.Size, (uint)channel.ReplyCapacityBytes);
        DirectoryReply sink = channel.Directory;
        sink.Begin(withAttributes ? call.Session.Lookups : null, channel, capacity, call.LifetimeSeconds, call.Session.Changes);
        Errno outcome = call.Nodes.ReadDirectory(call.Node, read.Offset, withAttributes, sink);
        if (outcome != Errno.Success && sink.LengthBytes > 0)
        {
            // Entries already packed are held by the kernel only if it gets them.
            outcome = Errno.Success;
        }

        call.Reply.Advance(sink.LengthBytes);
        return outcome;
    }
}

using Adit.Fuse.Handlers;
using Adit.Fuse.Session;
using Adit.Interop;

namespace Adit.Fuse.Succession;

/// <summary>The requests that the server before had done and perhaps not answered. All are answered before the kernel is asked to send anything again: it still
/// has those on its list that it got no reply to, and their callers cannot go away from there, not even killed. Of the others it says that it does
/// not know them.</summary>
/// <remarks>To wait until the kernel sends them again would lose some: what is to be sent again is forgotten when its caller is killed, which cannot be
/// told from a reply that arrived, and what the reply gives would be held until the unmount.</remarks>
internal static unsafe class LeftReplies
{
    /// <summary>Finishes what was done and has no reply yet, then sends all replies. Before any other request is served: nobody has seen the half of one.</summary>
    public static void Send(FuseSession session)
    {
        List<ReaderChannel> left = [];
        for (int index = 0; index < SessionMemory.ChannelCount; index++)
        {
            if (session.Memory.Channel(index)->State != RequestState.Idle)
            {
                left.Add(new ReaderChannel(session.Memory, index, session.Transport));
            }
        }

        foreach (ReaderChannel channel in left)
        {
            if (channel.Area->State == RequestState.InWork)
            {
                Dispatcher.Complete(session, channel);
            }
        }

        foreach (ReaderChannel channel in left)
        {
            channel.HaveReplyInPlace(channel.Area->BodyBytes);
            Dispatcher.Answer(session, channel, (Errno)channel.Area->Error, channel.Area->BodyBytes);
            channel.End();
            channel.Dispose();
        }
    }
}

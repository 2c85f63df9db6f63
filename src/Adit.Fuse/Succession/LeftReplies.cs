using Adit.Fuse.Handlers;
using Adit.Fuse.Replies;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;

namespace Adit.Fuse.Succession;

/// <summary>The requests that the server before had done and perhaps not answered, each with its reply. The kernel asks again for those whose reply it
/// has not got; the others are dropped when it has asked for all.</summary>
/// <remarks>Used by one thread, until <see cref="Drop"/>.</remarks>
internal sealed unsafe class LeftReplies
{
    private readonly FuseSession _session;
    private readonly Dictionary<ulong, ReaderChannel> _replies = [];

    public LeftReplies(FuseSession session)
    {
        _session = session;
        for (int index = 0; index < SessionMemory.ChannelCount; index++)
        {
            ChannelArea* area = session.Memory.Channel(index);
            if (area->State != RequestState.Idle)
            {
                _replies[area->Unique] = new ReaderChannel(session.Memory, index, session.Transport);
            }
        }
    }

    public int Count => _replies.Count;

    /// <summary>Finishes the requests that were done and had no reply yet. Before any other request is served: nobody has seen the half of one.</summary>
    public void Complete()
    {
        foreach (ReaderChannel channel in _replies.Values)
        {
            if (channel.Area->State == RequestState.InWork)
            {
                Dispatcher.Complete(_session, channel);
            }
        }
    }

    /// <summary>The reply to a request that the kernel sends again, or null: it has to be done.</summary>
    public ReaderChannel? TryTake(ulong unique) =>
        _replies.Remove(unique & ~InHeader.ResendBit, out ReaderChannel? channel) ? channel : null;

    /// <summary>Sends a reply.</summary>
    /// <param name="channel">Where it is.</param>
    /// <param name="unique">The request's number, as it came.</param>
    /// <param name="opcode">For the log.</param>
    public void Answer(ReaderChannel channel, ulong unique, Opcode opcode)
    {
        ReplyOutcome.Report(_session, opcode, channel.SendReply(unique, (Errno)channel.Area->Error, channel.Area->BodyBytes));
        Free(channel);
    }

    /// <summary>Whether a request says that more of those that are sent again may follow: all of them lie before the others in the kernel's queue, except
    /// those without a reply, which come in between.</summary>
    public bool MayBeLeft(ReaderChannel channel)
    {
        InHeader* header = (InHeader*)channel.RequestBuffer;
        return (header->Unique & InHeader.ResendBit) != 0 || header->Opcode is Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt;
    }

    /// <summary>The kernel has asked for all it wants: the other replies it had got, or their callers were killed.</summary>
    public void Drop()
    {
        foreach (ReaderChannel channel in _replies.Values)
        {
            Free(channel);
        }

        _replies.Clear();
    }

    private static void Free(ReaderChannel channel)
    {
        channel.End();
        channel.Dispose();
    }
}

using Adit.Format;
using Adit.Fuse.Handles;
using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Succession;
using Adit.Fuse.Wire;
using Adit.Interop;

namespace Adit.Fuse.Handlers;

/// <summary>Serves one request: checks its frame, finds its handler, sends exactly one reply. The one place that
/// catches everything: an exception is logged with the request and becomes EIO.</summary>
internal static unsafe class Dispatcher
{
    /// <summary>One more than the highest known opcode.</summary>
    public const int OpcodeCount = (int)Opcode.CopyFileRange64 + 1;

    private static readonly OpcodeEntry[] Table = OpcodeTable.Build();

    /// <param name="session">The conversation.</param>
    /// <param name="channel">Holds the request at the start of its request buffer.</param>
    /// <param name="lengthBytes">How much was received.</param>
    public static void Serve(FuseSession session, ReaderChannel channel, int lengthBytes)
    {
        if (lengthBytes < sizeof(InHeader))
        {
            // Nothing to answer to: not even the request's number is there.
            session.Log(FuseLogLevel.Error, $"dropped {lengthBytes} bytes that are no request");
            return;
        }

        InHeader* header = (InHeader*)channel.RequestBuffer;
        channel.Begin(*header);
        if (session.IsHandingOver)
        {
            session.WaitWhileHandingOver(channel, *header);
        }

        Errno outcome = Handle(session, channel, lengthBytes, out bool isAnswered, out int bodyBytes);
        if (!isAnswered)
        {
            channel.Answered(outcome, bodyBytes);
            Answer(session, channel, outcome, bodyBytes);
        }

        channel.End();
    }

    /// <summary>Does the rest of a request that another server had done and could not answer: the reply is then whole, and not sent.</summary>
    public static void Complete(FuseSession session, ReaderChannel channel)
    {
        InHeader* header = (InHeader*)channel.RequestBuffer;
        channel.IsRepeat = true;
        Errno outcome = Handle(session, channel, (int)header->Length, out _, out int bodyBytes);
        channel.IsRepeat = false;
        channel.Answered(outcome, bodyBytes);
    }

    private static Errno Handle(FuseSession session, ReaderChannel channel, int lengthBytes, out bool isAnswered, out int bodyBytes)
    {
        InHeader* header = (InHeader*)channel.RequestBuffer;
        OpcodeEntry entry = (uint)header->Opcode < OpcodeCount ? Table[(int)header->Opcode] : default;
        ReadOnlySpan<byte> arguments = new(channel.RequestBuffer + sizeof(InHeader), lengthBytes - sizeof(InHeader));
        Call call = new(session, channel, header, arguments);
        Errno outcome;
        try
        {
            outcome = Check(entry, ref call, lengthBytes);
            if (outcome == Errno.Success)
            {
                outcome = entry.Handler(ref call);
                if (outcome == Errno.Success && session.Options.Synchronous && entry.Is(OpcodeTraits.Changes))
                {
                    outcome = session.Nodes.SyncVolume();
                }
            }
        }
        catch (Exception exception)
        {
            session.Log(FuseLogLevel.Error, $"{header->Opcode} of {call.Node} (request {header->Unique}): {exception}");
            outcome = Errno.EIO;
        }

        isAnswered = call.IsAnswered || entry.Is(OpcodeTraits.NoReply);
        bodyBytes = call.Reply.LengthBytes;
        if (outcome != Errno.Success && !isAnswered)
        {
            TakeBack(session, channel);
        }

        return outcome;
    }

    /// <summary>Takes back what a reply would have given that the kernel never sees.</summary>
    private static void TakeBack(FuseSession session, ReaderChannel channel)
    {
        ChannelArea* area = channel.Area;
        try
        {
            while (area->GivenCount > 0)
            {
                InodeNumber inode = new(ChannelArea.Given(area)[area->GivenCount - 1]);
                if (session.Lookups.Release(inode, 1, area) != 0)
                {
                    session.Nodes.Forget(inode, 1);
                }
                else
                {
                    // Forgotten before it was given: what comes from the kernel is not to be relied on.
                    area->GivenCount--;
                }
            }

            if (area->Handle != 0 && session.Handles.TryRemove(area->Handle, out OpenHandle opened))
            {
                session.Nodes.Close(opened.File);
            }
        }
        catch (Exception exception)
        {
            session.Log(FuseLogLevel.Error, $"taking back what {area->Opcode} (request {area->Unique}) would have given: {exception}");
        }
    }

    /// <summary>Checks what is common to all requests.</summary>
    private static Errno Check(OpcodeEntry entry, ref Call call, int lengthBytes)
    {
        if (call.Header.Length != (uint)lengthBytes)
        {
            return Errno.EIO;
        }

        if (entry.Handler == null)
        {
            return Errno.ENOSYS;
        }

        if (entry.Is(OpcodeTraits.OnNode) && call.Header.NodeId == 0)
        {
            return Errno.EINVAL;
        }

        if (entry.Is(OpcodeTraits.Changes) && call.Options.ReadOnly)
        {
            return Errno.EROFS;
        }

        if (call.Session.IsShutDown && !entry.Is(OpcodeTraits.GivesBack))
        {
            return Errno.EIO;
        }

        return call.Session.Negotiated is null && call.Header.Opcode != Opcode.Init ? Errno.EIO : Errno.Success;
    }

    /// <summary>Sends the reply to the request that lies in the channel.</summary>
    public static void Answer(FuseSession session, ReaderChannel channel, Errno outcome, int bodyBytes)
    {
        InHeader* header = (InHeader*)channel.RequestBuffer;
        Errno sent = channel.SendReply(header->Unique, outcome, bodyBytes);
        if (sent == Errno.EINVAL && outcome == Errno.Success)
        {
            // The kernel found the reply malformed and still waits: that must not be for ever.
            session.Log(FuseLogLevel.Error, $"the kernel refused the reply to {header->Opcode} of node {header->NodeId} ({bodyBytes} bytes)");
            TakeBack(session, channel);
            sent = channel.SendReply(header->Unique, Errno.EIO, 0);
        }

        ReplyOutcome.Report(session, header->Opcode, sent);
    }
}

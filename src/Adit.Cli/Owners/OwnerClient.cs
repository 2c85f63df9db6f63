using System.Diagnostics;
using System.Net.Sockets;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Maps;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Owners;

/// <summary>Talks to the process that has a volume open. For one thread.</summary>
internal sealed class OwnerClient : IVolumeInspector
{
    private static readonly TimeSpan BetweenServers = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly MessageStream _messages;

    private OwnerClient(Socket socket, int processId)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _messages = new MessageStream(_stream);
        ProcessId = processId;
    }

    /// <summary>The owner.</summary>
    public int ProcessId { get; }

    /// <summary>Connects to a volume's owner, or gives null when no process serves it.</summary>
    /// <exception cref="CommandFailure">The process that answers belongs to another user.</exception>
    public static OwnerClient? TryConnect(string volumePath)
    {
        if (OwnerAddress.Of(volumePath) is not { } address)
        {
            return null;
        }

        // Between two servers of a mount nobody answers for a moment.
        for (var waited = Stopwatch.StartNew(); ; Thread.Sleep(20))
        {
            var owner = TryConnect(volumePath, address);
            if (owner is not null || waited.Elapsed > BetweenServers || HolderAddress.ProcessOf(volumePath) == 0)
            {
                return owner;
            }
        }
    }

    private static OwnerClient? TryConnect(string volumePath, UnixDomainSocketEndPoint address)
    {
        if (OwnerAddress.TryConnect(address) is not { } socket)
        {
            return null;
        }

        var owner = PeerCredentials.Of(socket);
        if (owner.MayServe(volumePath))
        {
            return new OwnerClient(socket, owner.ProcessId);
        }

        socket.Dispose();
        throw new CommandFailure(
            $"{volumePath}: process {owner.ProcessId} of user {owner.UserId} says that it serves this volume; it is neither yours nor root's",
            errno: Errno.EACCES);
    }

    public VolumeReport GetInformation() => Expect(Ask(new OwnerRequest(OwnerRequestKind.Information)).Volume);

    public NodeReport GetNode(string path) => Expect(Ask(new OwnerRequest(OwnerRequestKind.Node, path)).Node);

    public FlagsReport SetFlags(string path, FlagRequest request) =>
        Expect(Ask(new OwnerRequest(OwnerRequestKind.Flags, path, Flags: request)).Flags);

    public QuotaReport Quota(QuotaRequest request, ICheckListener listener) =>
        Expect(Ask(new OwnerRequest(OwnerRequestKind.Quota, Quota: request), listener).Quota);

    public VolumeMap GetMap() => Expect(Ask(new OwnerRequest(OwnerRequestKind.Map)).Map);

    public FsckReport Check(bool repair, ICheckListener listener) =>
        Expect(Ask(new OwnerRequest(OwnerRequestKind.Check, Repair: repair), listener).Check);

    /// <summary>Asks the owner to unmount and close; returns when the volume is closed. The process ends a moment later.</summary>
    public void Unmount() => Ask(new OwnerRequest(OwnerRequestKind.Unmount));

    public void Dispose() => _stream.Dispose();

    private OwnerReply Ask(OwnerRequest request, ICheckListener? listener = null)
    {
        try
        {
            _messages.Write(request, OwnerJson.Default.OwnerRequest);
            while (true)
            {
                var reply = _messages.Read(OwnerJson.Default.OwnerReply, MessageStream.MaxReplyBytes)
                    ?? throw Gone(null);
                if (reply.Error is not null)
                {
                    throw new CommandFailure(reply.Error, reply.ExitCode, reply.Errno);
                }

                if (!reply.More)
                {
                    return reply;
                }

                if (reply.Progress is { } progress)
                {
                    listener?.Progress(progress);
                }

                if (reply.Finding is { } finding)
                {
                    listener?.Finding(finding);
                }

                if (reply.Action is { } action)
                {
                    listener?.Action(action);
                }
            }
        }
        catch (InvalidDataException exception)
        {
            throw Misunderstood(exception);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw Gone(exception);
        }
    }

    private T Expect<T>(T? value)
        where T : class => value ?? throw Misunderstood(null);

    private CommandFailure Misunderstood(Exception? inner) => new(
        $"process {ProcessId}, which has the volume, gave an answer of another kind; is it of another version of adit?", errno: Errno.EPROTO, inner: inner);

    private CommandFailure Gone(Exception? inner) =>
        new($"process {ProcessId}, which had the volume, closed it or ended before it answered; try again", errno: Errno.EPIPE, inner: inner);
}

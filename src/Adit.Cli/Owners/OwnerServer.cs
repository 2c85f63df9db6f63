using System.Net.Sockets;
using Adit.Cli.CommandLine;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Owners;

/// <summary>Answers commands about a volume that this process has open. Each client has a thread and can do no more to
/// this process than end its own connection: a bad message, a client that dies, one that does not take its answer within
/// <see cref="SendTimeout"/>, and one that asks nothing for <see cref="IdleTimeout"/> all end so. Only the same user and root are
/// answered; the next client waits while there are <see cref="MaxClients"/>.</summary>
internal sealed class OwnerServer : IDisposable
{
    private const int MaxClients = 32;
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(20);

    private readonly Socket _listener;
    private readonly IVolumeInspector _inspector;
    private readonly Action _unmount;
    private readonly ManualResetEventSlim _closed = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _clients = [];
    private readonly SemaphoreSlim _places = new(MaxClients);
    private Exception? _closeFailure;
    private int _clientsToAnswer;

    /// <param name="volumePath">The volume's file, which names the socket.</param>
    /// <param name="inspector">Answers questions; used by several threads.</param>
    /// <param name="unmount">Takes the mount away, or throws; the volume is closed by others after it.</param>
    public OwnerServer(string volumePath, IVolumeInspector inspector, Action unmount)
    {
        _inspector = inspector;
        _unmount = unmount;
        var address = OwnerAddress.Of(volumePath) ?? throw new FileNotFoundException($"{volumePath} is gone.", volumePath);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _listener.Bind(address);
            _listener.Listen(16);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }

        StartThread("adit-owner", AcceptClients);
    }

    /// <summary>Tells the clients that asked for it that the volume is closed, and gives them a moment to hear it.</summary>
    /// <param name="failure">Why the close failed, or null.</param>
    public void AnnounceClosed(Exception? failure)
    {
        _closeFailure = failure;
        _closed.Set();
        SpinWait.SpinUntil(() => Volatile.Read(ref _clientsToAnswer) == 0, TimeSpan.FromSeconds(2));
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_lock)
        {
            foreach (var client in _clients)
            {
                client.Dispose();
            }
        }
    }

    private static void StartThread(string name, Action body) =>
        new Thread(() => body()) { Name = name, IsBackground = true }.Start();

    private void AcceptClients()
    {
        while (true)
        {
            Socket client;
            _places.Wait();
            try
            {
                client = _listener.Accept();
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument })
            {
                return;
            }
            catch (SocketException)
            {
                // Out of descriptors, or the client went away between connect and accept: the next one may do better.
                _places.Release();
                Thread.Sleep(50);
                continue;
            }

            if (Admit(client))
            {
                StartThread("adit-client", () => Serve(client));
            }
            else
            {
                client.Dispose();
                _places.Release();
            }
        }
    }

    private bool Admit(Socket client)
    {
        try
        {
            client.SendTimeout = (int)SendTimeout.TotalMilliseconds;
            client.ReceiveTimeout = (int)IdleTimeout.TotalMilliseconds;
            if (!PeerCredentials.Of(client).IsTrusted)
            {
                return false;
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }

        lock (_lock)
        {
            return _clients.Add(client);
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            using var stream = new NetworkStream(client, ownsSocket: true);
            var messages = new MessageStream(stream);
            while (messages.Read(OwnerJson.Default.OwnerRequest, MessageStream.MaxRequestBytes) is { } request)
            {
                Answer(request, messages);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidDataException)
        {
            // The client broke off or sent nonsense: its connection is closed, which is all there is to do.
        }
        finally
        {
            lock (_lock)
            {
                _clients.Remove(client);
            }

            _places.Release();
        }
    }

    private void Answer(OwnerRequest request, MessageStream messages)
    {
        OwnerReply reply;
        try
        {
            if (request.Kind == OwnerRequestKind.Unmount)
            {
                AnswerUnmount(messages);
                return;
            }

            reply = request.Kind switch
            {
                OwnerRequestKind.Information => new OwnerReply { Volume = _inspector.GetInformation() },
                OwnerRequestKind.Node when request.Path is not null => new OwnerReply { Node = _inspector.GetNode(request.Path) },
                OwnerRequestKind.Flags when request is { Path: not null, Flags: not null } =>
                    new OwnerReply { Flags = _inspector.SetFlags(request.Path, request.Flags) },
                OwnerRequestKind.Quota when request.Quota is not null =>
                    new OwnerReply { Quota = _inspector.Quota(request.Quota, new CheckRelay(messages)) },
                OwnerRequestKind.Map => new OwnerReply { Map = _inspector.GetMap() },
                OwnerRequestKind.Check => new OwnerReply { Check = _inspector.Check(request.Repair, new CheckRelay(messages)) },
                _ => Failure(new CommandFailure($"the owner does not know request {request.Kind}", errno: Errno.ENOSYS)),
            };
        }
        catch (Exception exception) when (exception is not ClientGoneException && CommandFailure.From(exception) is not null)
        {
            reply = Failure(CommandFailure.From(exception)!);
        }
        catch (ObjectDisposedException)
        {
            reply = Failure(new CommandFailure("the owner is closing the volume", ExitCode.Busy, Errno.EBUSY));
        }
        catch (InvalidOperationException defect)
        {
            // A broken invariant ends the request and not the mount; if it was the store's, the store refuses changes from now on.
            reply = Failure(new CommandFailure($"the owner met a defect of its own: {defect.Message}", errno: Errno.EIO));
        }

        messages.Write(reply, OwnerJson.Default.OwnerReply);
    }

    /// <summary>Answers when the volume is closed, so that everything is durable for whoever asked.</summary>
    private void AnswerUnmount(MessageStream messages)
    {
        Interlocked.Increment(ref _clientsToAnswer);
        try
        {
            _unmount();
            _closed.Wait();
            var failure = _closeFailure;
            messages.Write(
                failure is null ? new OwnerReply() : Failure(CommandFailure.From(failure) ?? new CommandFailure(failure.ToString())),
                OwnerJson.Default.OwnerReply);
        }
        finally
        {
            Interlocked.Decrement(ref _clientsToAnswer);
        }
    }

    private static OwnerReply Failure(CommandFailure failure) =>
        new() { Error = failure.Message, ExitCode = failure.ExitCode, Errno = failure.Errno };

    /// <summary>Sends what a check says to the client that asked for it; ends the check when the client is gone.</summary>
    private sealed class CheckRelay(MessageStream messages) : ICheckListener
    {
        public void Progress(FsckProgress progress) => Send(new OwnerReply { More = true, Progress = progress });

        public void Finding(FindingReport finding) => Send(new OwnerReply { More = true, Finding = finding });

        public void Action(string line) => Send(new OwnerReply { More = true, Action = line });

        private void Send(OwnerReply reply)
        {
            try
            {
                messages.Write(reply, OwnerJson.Default.OwnerReply);
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
            {
                throw new ClientGoneException(exception);
            }
        }
    }

    private sealed class ClientGoneException(Exception inner) : IOException("The client is gone.", inner);
}

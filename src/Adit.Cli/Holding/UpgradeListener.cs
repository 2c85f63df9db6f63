using System.Net.Sockets;
using Adit.Cli.CommandLine;
using Adit.Cli.Owners;
using Adit.Interop;

namespace Adit.Cli.Holding;

/// <summary>Takes requests to upgrade the server of a mount or to remount it, one at a time, from the same user and root.</summary>
internal sealed class UpgradeListener : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly Socket _listener;
    private readonly Thread _thread;
    private readonly Func<UpgradeRequest, UpgradeReply> _upgrade;

    /// <param name="volumePath">The volume's file, which names the socket.</param>
    /// <param name="upgrade">Does it, or throws a <see cref="CommandFailure"/>.</param>
    public UpgradeListener(string volumePath, Func<UpgradeRequest, UpgradeReply> upgrade)
    {
        _upgrade = upgrade;
        var address = HolderAddress.Of(volumePath) ?? throw new FileNotFoundException($"{volumePath} is gone.", volumePath);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _listener.Bind(address);

            // Who only looks whether there is a holder does not wait for one that is busy.
            _listener.Listen(4096);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }

        _thread = new Thread(Accept, 256 << 10) { Name = "adit-upgrade", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Takes no requests any more. Who has asked and can be answered is, also when the process ends then.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join(EndPatience);
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                using var client = _listener.Accept();
                var isTrusted = PeerCredentials.Of(client).IsTrusted;
                client.ReceiveTimeout = client.SendTimeout = (int)(isTrusted ? Patience : PatienceWithOthers).TotalMilliseconds;
                Answer(client, isTrusted ? _upgrade : Refuse);
            }
            catch (Exception exception) when (exception is ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument })
            {
                return;
            }
            catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException)
            {
                // The client broke off, only looked whether somebody listens, or sent nonsense.
            }
        }
    }

    /// <summary>Who may not ask is told so: else it looks as if the holder were gone.</summary>
    private static UpgradeReply Refuse(UpgradeRequest request) => throw new CommandFailure(
        "the mount is another user's: only that user and root can upgrade or remount it", errno: Errno.EACCES);

    private static void Answer(Socket client, Func<UpgradeRequest, UpgradeReply> upgrade)
    {
        using NetworkStream stream = new(client);
        MessageStream messages = new(stream);
        if (messages.Read(HolderJson.Default.UpgradeRequest, MessageStream.MaxRequestBytes) is not { } request)
        {
            return;
        }

        UpgradeReply reply;
        try
        {
            reply = upgrade(request);
        }
        catch (CommandFailure failure)
        {
            reply = new UpgradeReply(failure.Message, failure.Errno == Errno.Success ? Errno.EIO : failure.Errno, 0, 0, 0);
        }

        messages.Write(reply, HolderJson.Default.UpgradeReply);
    }
}

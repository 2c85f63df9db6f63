using System.Net.Sockets;
using Adit.Cli.Owners;

namespace Adit.Cli.Holding;

/// <summary>The name of the socket at which the holder of a mounted volume is reached: abstract, so it goes when the holder does.</summary>
internal static class HolderAddress
{
    /// <summary>The address, or null when nothing is at the path.</summary>
    public static UnixDomainSocketEndPoint? Of(string volumePath) => OwnerAddress.Of(volumePath, "holder");

    /// <summary>Connects to the holder of a volume's mount; null when it has none, or somebody else's process says that it is one.</summary>
    public static Socket? TryConnect(string volumePath)
    {
        if (Of(volumePath) is not { } address)
        {
            return null;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(address);
            if (PeerCredentials.Of(socket).IsTrusted)
            {
                return socket;
            }

            socket.Dispose();
            return null;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The process that holds a volume's mount, or 0.</summary>
    public static int ProcessOf(string volumePath)
    {
        using var socket = TryConnect(volumePath);
        return socket is null ? 0 : PeerCredentials.Of(socket).ProcessId;
    }
}

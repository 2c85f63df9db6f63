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
        var socket = Of(volumePath) is { } address ? OwnerAddress.TryConnect(address) : null;
        if (socket is null || PeerCredentials.Of(socket).MayServe(volumePath))
        {
            return socket;
        }

        socket.Dispose();
        return null;
    }

    /// <summary>The process that holds a volume's mount, or 0.</summary>
    public static int ProcessOf(string volumePath)
    {
        using var socket = TryConnect(volumePath);
        return socket is null ? 0 : PeerCredentials.Of(socket).ProcessId;
    }
}

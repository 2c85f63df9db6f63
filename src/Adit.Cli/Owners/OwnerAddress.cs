using System.Globalization;
using System.Net.Sockets;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Owners;

/// <summary>The name of the socket at which the process that has a volume open is reached.</summary>
/// <remarks>It follows from the volume's file (device and inode, or the device's number), not from the volume's id, because
/// a copied volume file has the id of its original. The name is abstract: it goes when its process does, however that
/// ends, so none is ever stale.</remarks>
internal static class OwnerAddress
{
    /// <summary>The address of a volume's owner, or null when nothing is at the path.</summary>
    /// <param name="volumePath">The volume.</param>
    /// <param name="role">Of another process that has to do with it.</param>
    public static unsafe UnixDomainSocketEndPoint? Of(string volumePath, string role = "")
    {
        StatxBuffer buffer;
        if (Libc.Outcome(Libc.statx(Libc.AT_FDCWD, volumePath, 0, StatxBuffer.STATX_BASIC_STATS, &buffer)) != Errno.Success)
        {
            return null;
        }

        var name = buffer.IsCharacterDevice
            ? string.Create(CultureInfo.InvariantCulture, $"\0adit/device/{buffer.stx_rdev_major}:{buffer.stx_rdev_minor}")
            : string.Create(CultureInfo.InvariantCulture, $"\0adit/file/{buffer.stx_dev_major}:{buffer.stx_dev_minor}/{buffer.stx_ino}");
        return new UnixDomainSocketEndPoint(role.Length == 0 ? name : $"{name}/{role}");
    }

    /// <summary>Connects to whoever listens at an address; null when nobody does.</summary>
    public static Socket? TryConnect(UnixDomainSocketEndPoint address)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(address);
            return socket;
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
}

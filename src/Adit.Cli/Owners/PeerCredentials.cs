using System.Net.Sockets;
using System.Runtime.InteropServices;
using Adit.Interop.Linux;

namespace Adit.Cli.Owners;

/// <summary>Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED).</summary>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId)
{
    private const int SO_PEERCRED = 17;

    public static PeerCredentials Of(Socket socket)
    {
        Span<int> credentials = stackalloc int[3];
        var length = socket.GetRawSocketOption(Libc.SOL_SOCKET, SO_PEERCRED, MemoryMarshal.AsBytes(credentials));
        return length == 12
            ? new PeerCredentials(credentials[0], (uint)credentials[1])
            : throw new IOException($"SO_PEERCRED gave {length} bytes, not 12.");
    }

    /// <summary>The same user as this process, or root: the only ones that an owner and its clients talk to.</summary>
    public bool IsTrusted => UserId == 0 || UserId == Libc.geteuid();

    /// <summary>Whether the process may be believed when it says that it serves a volume: it is trusted, or it is the volume's owner's, whom root and
    /// whoever else uses the volume believe anyway.</summary>
    public bool MayServe(string volumePath)
    {
        if (IsTrusted)
        {
            return true;
        }

        using var host = new Trees.HostTree("");
        return UserId == (host.Find(Path.GetFullPath(volumePath))?.UserId ?? 0);
    }
}

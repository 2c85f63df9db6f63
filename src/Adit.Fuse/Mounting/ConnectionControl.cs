using System.Globalization;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>The kernel's control files of FUSE connections (fusectl): the way out when a connection is stuck.</summary>
public static class ConnectionControl
{
    private const string Root = "/sys/fs/fuse/connections";

    /// <summary>Ends a connection: every request in it and every later one fails, and its server's reads end.</summary>
    /// <param name="connection">Its number: the mount's <see cref="MountTableEntry.DeviceMinor"/>.</param>
    /// <returns>ENOENT: no such connection (any more), or no control files and no right to mount them.</returns>
    public static Errno Abort(uint connection)
    {
        string name = connection.ToString(CultureInfo.InvariantCulture);
        string abort = Path.Combine(Root, name, "abort");
        if (!File.Exists(abort) && (MountTable.Find(Root) is not null || !TryMountControl()))
        {
            return Errno.ENOENT;
        }

        try
        {
            File.WriteAllText(abort, "1");
            return Errno.Success;
        }
        catch (UnauthorizedAccessException)
        {
            return Errno.EACCES;
        }
        catch (IOException)
        {
            return Errno.ENOENT;
        }
    }

    /// <summary>Systems without systemd do not mount it by themselves.</summary>
    private static bool TryMountControl() =>
        Libc.geteuid() == 0 && Directory.Exists(Root) && Libc.Outcome(Libc.mount("fusectl", Root, "fusectl", 0, null)) == Errno.Success;
}

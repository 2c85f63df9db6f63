using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Mounts;

/// <summary>Where a mount's server process in the background writes what it has to say.</summary>
internal static class MountLog
{
    /// <summary>In <c>/run/adit</c> for root, in the user's runtime folder for others, in the temporary folder else.</summary>
    public static string Path(string volume)
    {
        var folder = Libc.geteuid() == 0 ? "/run/adit"
            : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? System.IO.Path.Combine(runtime, "adit")
            : System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"adit-{Libc.geteuid()}");
        return System.IO.Path.Combine(folder, volume.Trim('/').Replace('/', '-') + ".log");
    }

    /// <summary>Opens the log for appending, or the null device where none can be made.</summary>
    public static FileDescriptor Open(string volume)
    {
        var path = Path(volume);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No folder, no log: opening it fails just below.
        }

        var log = Libc.open(path, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_APPEND | OpenFlags.O_CLOEXEC | OpenFlags.O_NOFOLLOW, 0x180 /* 0600 */);
        return log.IsInvalid ? Libc.open("/dev/null", OpenFlags.O_WRONLY | OpenFlags.O_CLOEXEC, 0) : log;
    }
}

using System.Globalization;
using Adit.Interop.Linux;

namespace Adit.Cli.Mounts;

/// <summary>Cuts a process off from whoever started it.</summary>
internal static class Daemon
{
    /// <summary>A session of its own, no inherited descriptors but one, standard streams away from the caller's.</summary>
    /// <param name="keptDescriptor">The inherited descriptor that stays open.</param>
    /// <param name="log">Takes standard output and standard error.</param>
    public static void Detach(int keptDescriptor, FileDescriptor log)
    {
        // Fails only for a process group's leader, which then is cut off well enough.
        _ = Libc.setsid();
        using (var nothing = Libc.open("/dev/null", OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0))
        {
            _ = Libc.dup2(nothing.DangerousNumber, 0);
        }

        _ = Libc.dup2(log.DangerousNumber, 1);
        _ = Libc.dup2(log.DangerousNumber, 2);
        CloseInherited(keptDescriptor);
        Environment.CurrentDirectory = "/";
    }

    /// <summary>Closes what the caller left open, so that no pipe or lock of its lives on here. Everything that this process
    /// opened itself is close-on-exec, and only that is: so what is not was inherited.</summary>
    private static void CloseInherited(int keptDescriptor)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd").ToList())
        {
            var descriptor = int.Parse(Path.GetFileName(entry.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture);
            if (descriptor > 2 && descriptor != keptDescriptor)
            {
                var flags = Libc.fcntl(descriptor, Libc.F_GETFD, 0);
                if (flags >= 0 && (flags & Libc.FD_CLOEXEC) == 0)
                {
                    _ = Libc.close(descriptor);
                }
            }
        }

        _ = Libc.fcntl(keptDescriptor, Libc.F_SETFD, Libc.FD_CLOEXEC);
    }
}

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
        CutOff(log);
        CloseInherited(keptDescriptor);
    }

    /// <summary>Closes everything inherited but the standard streams and some descriptors, which no child inherits from here on.</summary>
    public static void CloseInherited(params ReadOnlySpan<int> kept)
    {
        foreach (var descriptor in Inherited())
        {
            if (!kept.Contains(descriptor))
            {
                _ = Libc.close(descriptor);
            }
        }

        foreach (var descriptor in kept)
        {
            _ = Libc.fcntl(descriptor, Libc.F_SETFD, Libc.FD_CLOEXEC);
        }
    }

    private static void CutOff(FileDescriptor log)
    {
        // Fails only for a process group's leader, which then is cut off well enough.
        _ = Libc.setsid();
        using (var nothing = Libc.open("/dev/null", OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0))
        {
            _ = Libc.dup2(nothing.DangerousNumber, 0);
        }

        _ = Libc.dup2(log.DangerousNumber, 1);
        _ = Libc.dup2(log.DangerousNumber, 2);
        Environment.CurrentDirectory = "/";
    }

    /// <summary>Everything that this process opened itself is close-on-exec, and only that is: so what is not was inherited.</summary>
    private static List<int> Inherited()
    {
        List<int> found = [];
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd").ToList())
        {
            var descriptor = int.Parse(Path.GetFileName(entry.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture);
            if (descriptor > 2)
            {
                var flags = Libc.fcntl(descriptor, Libc.F_GETFD, 0);
                if (flags >= 0 && (flags & Libc.FD_CLOEXEC) == 0)
                {
                    found.Add(descriptor);
                }
            }
        }

        return found;
    }
}

using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>Checks a directory before a mount goes on it.</summary>
internal static class MountPoint
{
    private const uint TypeMask = 0xF000;
    private const uint DirectoryType = 0x4000;

    /// <summary>Makes sure that the path is a directory nothing is mounted on; takes away the mount of a server that died.</summary>
    /// <returns>The path, absolute and without symbolic links.</returns>
    /// <exception cref="MountException">It does not exist, is no directory, or is in use.</exception>
    public static string Prepare(string path, FuseLog log)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        FreeIfDead(full, log);
        Errno outcome = Libc.Stat(full, out StatxBuffer attributes);
        if (outcome != Errno.Success)
        {
            throw outcome switch
            {
                Errno.ENOENT => new MountException(outcome, $"mount point {full} does not exist: make it with mkdir"),
                Errno.ENOTDIR => new MountException(outcome, $"mount point {full}: a part of the path is not a directory"),
                Errno.ENOTCONN => new MountException(outcome, $"mount point {full} holds the mount of a server that died: unmount it with umount -l"),
                _ => new MountException(outcome, $"mount point {full}: {outcome.Message()}"),
            };
        }

        if ((attributes.stx_mode & TypeMask) != DirectoryType)
        {
            throw new MountException(Errno.ENOTDIR, $"mount point {full} is not a directory");
        }

        string real = Resolve(full);
        if (real != full)
        {
            FreeIfDead(real, log);
        }

        return real;
    }

    /// <summary>A path without symbolic links, as the mount table has it.</summary>
    public static string Resolve(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        using FileDescriptor directory = Libc.open(full, OpenFlags.O_PATH | OpenFlags.O_CLOEXEC, 0);
        return directory.IsInvalid
            ? full
            : new FileInfo($"/proc/self/fd/{directory.DangerousNumber}").LinkTarget ?? full;
    }

    private static void FreeIfDead(string path, FuseLog log)
    {
        while (MountTable.Find(path) is { } mounted)
        {
            if (!mounted.IsAdit)
            {
                throw new MountException(Errno.EBUSY, $"mount point {path} is in use: {mounted.Source} ({mounted.FileSystemType}) is mounted there");
            }

            if (IsAlive(path))
            {
                throw new MountException(Errno.EBUSY, $"mount point {path} is in use: volume {mounted.Source} is mounted there; unmount it first");
            }

            log(FuseLogLevel.Warning, $"{path}: taking away the mount of {mounted.Source}, whose server died");
            Unmounter.Detach(path);
        }
    }

    /// <summary>A dead server's mount answers ENOTCONN at once, when it is asked past the kernel's cache. A living one may
    /// take its time: asked from a thread of its own, so that a server that hangs does not hang its successor.</summary>
    private static bool IsAlive(string path)
    {
        Errno outcome = Errno.ETIMEDOUT;
        Thread asker = new(() => outcome = AskServer(path)) { IsBackground = true, Name = "adit-mount-check" };
        asker.Start();
        return !asker.Join(TimeSpan.FromSeconds(3)) || outcome is not (Errno.ENOTCONN or Errno.ECONNABORTED);
    }

    private static unsafe Errno AskServer(string path)
    {
        const int AT_STATX_FORCE_SYNC = 0x2000;
        StatxBuffer attributes;
        return Libc.Outcome(Libc.statx(Libc.AT_FDCWD, path, AT_STATX_FORCE_SYNC, StatxBuffer.STATX_BASIC_STATS, &attributes));
    }
}

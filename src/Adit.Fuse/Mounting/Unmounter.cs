using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>Takes mounts away, of this process or of another.</summary>
public static class Unmounter
{
    /// <summary>Unmounts. When it returns nobody can use the mount any more; its server may still be finishing.</summary>
    /// <param name="mountPoint">The directory.</param>
    /// <param name="lazily">Take it out of the tree even when it is in use; it ends with its last user.</param>
    /// <exception cref="MountException">Nothing is mounted there; it is in use, and by whom; not permitted.</exception>
    public static void Unmount(string mountPoint, bool lazily = false)
    {
        string path = FindMounted(mountPoint);
        Errno outcome = TryUnmount(path, lazily, out string complaint);
        if (outcome != Errno.Success)
        {
            throw outcome switch
            {
                Errno.EBUSY => new MountException(outcome, $"{path} is in use{MountUsers.Describe(path)}: end that first, or unmount lazily"),
                Errno.EPERM => new MountException(outcome, $"unmounting {path} is not permitted: only root and the user who mounted it may"),
                _ => new MountException(outcome, $"unmounting {path}: {(complaint.Length > 0 ? complaint : outcome.Message())}"),
            };
        }
    }

    /// <summary>As <see cref="Unmount"/>, with the outcome as a value.</summary>
    internal static Errno TryUnmount(string path, bool lazily, out string complaint)
    {
        complaint = "";
        if (Libc.geteuid() != 0)
        {
            return HelperMount.Unmount(path, lazily, out complaint);
        }

        return Libc.Outcome(Libc.umount2(path, (lazily ? Libc.MNT_DETACH : 0) | Libc.UMOUNT_NOFOLLOW));
    }

    /// <summary>Takes a dead server's mount away.</summary>
    internal static void Detach(string path)
    {
        Errno outcome = TryUnmount(path, lazily: true, out string complaint);
        if (outcome is not (Errno.Success or Errno.EINVAL))
        {
            throw new MountException(outcome, $"{path} holds the mount of a server that died and cannot be freed: {(complaint.Length > 0 ? complaint : outcome.Message())}");
        }
    }

    /// <summary>Resolving the path itself could touch the mount, which fails when its server is dead: only its parent is.</summary>
    private static string FindMounted(string mountPoint)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(mountPoint));
        if (MountTable.Find(full) is not null)
        {
            return full;
        }

        string? parent = Path.GetDirectoryName(full);
        string real = parent is null ? full : Path.Combine(MountPoint.Resolve(parent), Path.GetFileName(full));
        if (MountTable.Find(real) is not null)
        {
            return real;
        }

        string target = MountPoint.Resolve(real);
        return MountTable.Find(target) is not null
            ? target
            : throw new MountException(Errno.EINVAL, $"nothing is mounted on {full}");
    }
}

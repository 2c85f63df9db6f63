using Adit.Cli.CommandLine;
using Adit.Cli.Trees;
using Adit.Fuse.Mounting;
using Adit.Interop;

namespace Adit.Cli.Mounts;

/// <summary>Finds mounted volumes in the mount table; touches no mount, so a dead one cannot hold this up.</summary>
internal static class VolumeMounts
{
    /// <summary>The volume mounted at a directory, or null.</summary>
    public static MountTableEntry? At(string directory) => MountTable.Find(directory) is { IsAdit: true } mount ? mount : null;

    /// <summary>Where a volume is mounted, or null.</summary>
    public static MountTableEntry? Of(string volumePath) =>
        MountTable.Read().LastOrDefault(mount => mount.IsAdit && mount.Source == volumePath);

    /// <summary>The mounted volume that somebody named, by its mount point or by its own path.</summary>
    /// <exception cref="CommandFailure">EINVAL: there is none.</exception>
    public static MountTableEntry Named(string text)
    {
        var full = Path.GetFullPath(text);
        return At(full) ?? Of(full) ?? throw new CommandFailure($"{text} is no mount point of a volume", errno: Errno.EINVAL);
    }

    /// <summary>The mounted volume that a host path lies in, or null. A mount of something else on the way hides it.</summary>
    /// <param name="absolutePath">Absolute, without "." and "..".</param>
    public static MountTableEntry? Containing(string absolutePath)
    {
        var innermost = MountTable.Read()
            .Where(mount => TreePath.IsWithin(absolutePath, mount.MountPoint))
            .MaxBy(mount => mount.MountPoint.Length);
        return innermost is { IsAdit: true } ? innermost : null;
    }
}

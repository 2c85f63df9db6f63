using Adit.Cli.Trees;
using Adit.Fuse.Mounting;

namespace Adit.Cli.Mounts;

/// <summary>Finds mounted volumes in the mount table; touches no mount, so a dead one cannot hold this up.</summary>
internal static class VolumeMounts
{
    /// <summary>The volume mounted at a directory, or null.</summary>
    public static MountTableEntry? At(string directory) => MountTable.Find(directory) is { IsAdit: true } mount ? mount : null;

    /// <summary>Where a volume is mounted, or null.</summary>
    public static MountTableEntry? Of(string volumePath) =>
        MountTable.Read().LastOrDefault(mount => mount.IsAdit && mount.Source == volumePath);

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

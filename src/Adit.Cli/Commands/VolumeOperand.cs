using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Cli.Trees;

namespace Adit.Cli.Commands;

/// <summary>What names a volume on a command line, with or without a path inside: a volume file or device, a mount
/// point, a path below a mount point, <c>VOLUME:/path</c>.</summary>
internal sealed record VolumeOperand
{
    private VolumeOperand(string volumeText, string volumePath, string path, bool isMountPoint)
    {
        VolumeText = volumeText;
        VolumePath = volumePath;
        InnerPath = path;
        IsMountPoint = isMountPoint;
    }

    /// <summary>The volume as it was given.</summary>
    public string VolumeText { get; }

    /// <summary>The volume's file or device.</summary>
    public string VolumePath { get; }

    /// <summary>The path inside, "/" when none was given.</summary>
    public string InnerPath { get; }

    /// <summary>It was given by its mount.</summary>
    public bool IsMountPoint { get; }

    /// <summary>Reads an operand that stands for a volume.</summary>
    public static VolumeOperand Volume(string text)
    {
        var full = System.IO.Path.GetFullPath(text);
        if (VolumeMounts.Containing(full) is { } mount)
        {
            return mount.MountPoint == full
                ? new VolumeOperand(text, mount.Source, TreePath.Root, isMountPoint: true)
                : throw CommandFailure.Usage($"{text} is inside the mount {mount.MountPoint}, not a volume");
        }

        return new VolumeOperand(text, full, TreePath.Root, isMountPoint: false);
    }

    /// <summary>Reads an operand that stands for a file in a volume.</summary>
    public static VolumeOperand File(string text) => TryFile(text)
        ?? throw CommandFailure.Usage($"{text} names no file in a volume; write VOLUME:/path, for example pool.adit:/{System.IO.Path.GetFileName(text)}");

    /// <summary>Reads an operand that stands for a file in a volume, or gives null for a path of the host.</summary>
    public static VolumeOperand? TryFile(string text)
    {
        if (TrySplit(text, out var volumeText, out var inner))
        {
            var volume = Volume(volumeText);
            return new VolumeOperand(volumeText, volume.VolumePath, TreePath.Normalize(inner), volume.IsMountPoint);
        }

        var full = System.IO.Path.GetFullPath(text);
        if (VolumeMounts.Containing(full) is { } mount)
        {
            return new VolumeOperand(mount.MountPoint, mount.Source, TreePath.Normalize(full[mount.MountPoint.Length..]), isMountPoint: true);
        }

        return null;
    }

    /// <summary>A volume itself stands for its root where a command can do with that.</summary>
    public static VolumeOperand FileOrVolume(string text) => TryFile(text) ?? Volume(text);

    /// <summary>Splits at the first ":/" behind something that exists, else at the first at all.</summary>
    internal static bool TrySplit(string text, out string volume, out string path)
    {
        var split = text.IndexOf(":/", StringComparison.Ordinal);
        for (var next = split; next >= 0; next = text.IndexOf(":/", next + 1, StringComparison.Ordinal))
        {
            if (next > 0 && System.IO.Path.Exists(text[..next]))
            {
                split = next;
                break;
            }
        }

        volume = split > 0 ? text[..split] : "";
        path = split > 0 ? text[(split + 1)..] : "";
        return split > 0;
    }
}

using Adit.Fuse.Options;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>What the kernel itself keeps of a mount, as flags of mount(2).</summary>
public static class MountFlags
{
    /// <summary>The kernel acts on them.</summary>
    public const nuint Enforced = Libc.MS_RDONLY | Libc.MS_NOSUID | Libc.MS_NODEV | Libc.MS_NOEXEC;

    /// <summary>The server acts on them; the kernel shows them in the mount table, where mount(8) takes them from for a remount.</summary>
    public const nuint Shown = Libc.MS_SYNCHRONOUS | Libc.MS_NOATIME | Libc.MS_NODIRATIME | Libc.MS_RELATIME | Libc.MS_STRICTATIME;

    /// <summary>Those of a mount with these options.</summary>
    public static nuint Of(MountOptions options) =>
        (options.ReadOnly ? Libc.MS_RDONLY : 0)
        | (options.NoSetUserId ? Libc.MS_NOSUID : 0)
        | (options.NoDevices ? Libc.MS_NODEV : 0)
        | (options.NoExecute ? Libc.MS_NOEXEC : 0)
        | (options.Synchronous ? Libc.MS_SYNCHRONOUS : 0)
        | (options.NoDirectoryAccessTimes ? Libc.MS_NODIRATIME : 0)
        | (options.AccessTime switch
        {
            AccessTimePolicy.None => Libc.MS_NOATIME,
            AccessTimePolicy.Strict => Libc.MS_STRICTATIME,
            _ => Libc.MS_RELATIME,
        });

    /// <summary>The options with those flags in place of their own that the kernel acts on. What is read-only on either side is read-only.</summary>
    /// <param name="options">As the server has them.</param>
    /// <param name="flags">As the kernel has them.</param>
    public static MountOptions Apply(MountOptions options, nuint flags) => options with
    {
        ReadOnly = options.ReadOnly || (flags & Libc.MS_RDONLY) != 0,
        NoSetUserId = (flags & Libc.MS_NOSUID) != 0,
        NoDevices = (flags & Libc.MS_NODEV) != 0,
        NoExecute = (flags & Libc.MS_NOEXEC) != 0,
    };

    /// <summary>Reads the words of the mount table.</summary>
    internal static nuint Parse(string words)
    {
        nuint flags = Libc.MS_STRICTATIME;
        foreach (string word in words.Split(','))
        {
            flags |= word switch
            {
                "ro" => Libc.MS_RDONLY,
                "nosuid" => Libc.MS_NOSUID,
                "nodev" => Libc.MS_NODEV,
                "noexec" => Libc.MS_NOEXEC,
                "sync" => Libc.MS_SYNCHRONOUS,
                "nosymfollow" => Libc.MS_NOSYMFOLLOW,
                "noatime" => Libc.MS_NOATIME,
                "nodiratime" => Libc.MS_NODIRATIME,
                "relatime" => Libc.MS_RELATIME,
                _ => 0,
            };
        }

        // Neither of the two is what the table says of the third.
        return (flags & (Libc.MS_NOATIME | Libc.MS_RELATIME)) == 0 ? flags : flags & ~Libc.MS_STRICTATIME;
    }
}

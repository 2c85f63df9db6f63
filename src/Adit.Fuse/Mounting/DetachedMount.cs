using System.Globalization;
using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>A mount that is on no directory yet: nobody can use it before it is as it is to be.</summary>
/// <remarks>The kernel maps the ids of a mount only while it is so, and only after the server has said in FUSE_INIT that it can live with that. Ends
/// with this object unless it was attached.</remarks>
internal sealed class DetachedMount : IDisposable
{
    private readonly FileDescriptor _mount;

    /// <param name="mount">What fsmount gave. Taken over.</param>
    internal DetachedMount(FileDescriptor mount) => _mount = mount;

    /// <summary>Makes one, with FUSE_INIT waiting in the channel.</summary>
    /// <param name="device">The channel to the kernel.</param>
    /// <param name="options">Of the mount.</param>
    public static DetachedMount Make(FileDescriptor device, MountOptions options)
    {
        using FileDescriptor fs = Libc.fsopen("fuse", Libc.FSOPEN_CLOEXEC);
        Check(fs, "fsopen");
        Set(fs, "source", options.Source);
        Set(fs, "subtype", MountTableEntry.AditType["fuse.".Length..]);
        Set(fs, "fd", device.DangerousNumber.ToString(CultureInfo.InvariantCulture));
        Set(fs, "rootmode", "40000");
        Set(fs, "user_id", Libc.getuid().ToString(CultureInfo.InvariantCulture));
        Set(fs, "group_id", Libc.getgid().ToString(CultureInfo.InvariantCulture));
        Set(fs, "default_permissions", null);
        if (options.AllowOther ?? true)
        {
            Set(fs, "allow_other", null);
        }

        if (options.ReadOnly)
        {
            Set(fs, "ro", null);
        }

        if (options.Synchronous)
        {
            Set(fs, "sync", null);
        }

        Check(Libc.fsconfig(fs, Libc.FSCONFIG_CMD_CREATE, null, null), "making the file system");
        FileDescriptor mount = Libc.fsmount(fs, Libc.FSMOUNT_CLOEXEC, AttributesOf(options));
        Check(mount, "fsmount");
        return new DetachedMount(mount);
    }

    /// <summary>Shows other owners than the files have.</summary>
    /// <param name="userNamespace">Its maps are taken.</param>
    public unsafe void Map(FileDescriptor userNamespace)
    {
        MountAttributes attributes = new() { attr_set = Libc.MOUNT_ATTR_IDMAP, userns_fd = (ulong)userNamespace.DangerousNumber };
        Errno outcome = Libc.Outcome(Libc.mount_setattr(_mount, &attributes));
        if (outcome != Errno.Success)
        {
            throw new MountException(outcome, outcome switch
            {
                Errno.EINVAL => "X-mount.idmap: the kernel cannot map the ids of FUSE mounts (Linux 6.12 can), or that is no user namespace",
                Errno.EPERM => "X-mount.idmap: the kernel refuses: its user namespace is the initial one, or this process is not root of that",
                _ => $"X-mount.idmap: {outcome.Message()}",
            });
        }
    }

    /// <summary>Puts it on a directory.</summary>
    public void Attach(string mountPoint) => Check(Libc.move_mount(_mount, mountPoint), $"mounting on {mountPoint}");

    public void Dispose() => _mount.Dispose();

    private static uint AttributesOf(MountOptions options) =>
        (options.ReadOnly ? Libc.MOUNT_ATTR_RDONLY : 0)
        | (options.NoSetUserId ? Libc.MOUNT_ATTR_NOSUID : 0)
        | (options.NoDevices ? Libc.MOUNT_ATTR_NODEV : 0)
        | (options.NoExecute ? Libc.MOUNT_ATTR_NOEXEC : 0)
        | (options.NoDirectoryAccessTimes ? Libc.MOUNT_ATTR_NODIRATIME : 0)
        | (options.AccessTime switch
        {
            AccessTimePolicy.None => Libc.MOUNT_ATTR_NOATIME,
            AccessTimePolicy.Strict => Libc.MOUNT_ATTR_STRICTATIME,
            _ => 0,
        });

    private static void Set(FileDescriptor fs, string key, string? value) =>
        Check(Libc.fsconfig(fs, value is null ? Libc.FSCONFIG_SET_FLAG : Libc.FSCONFIG_SET_STRING, key, value), $"the option {key}");

    private static void Check(FileDescriptor made, string step)
    {
        if (made.IsInvalid)
        {
            Errno outcome = Libc.LastError;
            made.Dispose();
            throw Failed(outcome, step);
        }
    }

    private static void Check(int result, string step)
    {
        Errno outcome = Libc.Outcome(result);
        if (outcome != Errno.Success)
        {
            throw Failed(outcome, step);
        }
    }

    private static MountException Failed(Errno outcome, string step) => new(outcome, $"an idmapped mount cannot be made: {step}: {outcome.Message()}");
}

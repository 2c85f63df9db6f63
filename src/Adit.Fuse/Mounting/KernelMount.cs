using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>Mounting as root: mount(2) with a descriptor of /dev/fuse.</summary>
internal static class KernelMount
{
    public const string DevicePath = "/dev/fuse";

    /// <returns>The channel to the kernel, with FUSE_INIT waiting in it.</returns>
    public static FileDescriptor Mount(string mountPoint, MountOptions options)
    {
        FileDescriptor device = OpenDevice();
        Errno outcome = Libc.Outcome(Libc.mount(options.Source, mountPoint, MountTableEntry.AditType, MountFlags.Of(options), ToData(device, options)));
        if (outcome == Errno.Success)
        {
            return device;
        }

        device.Dispose();
        throw outcome switch
        {
            Errno.EPERM => new MountException(outcome, $"mounting on {mountPoint} is not permitted, although this is root: a container needs the capability SYS_ADMIN"),
            Errno.ENODEV => new MountException(outcome, "this kernel has no FUSE: load its module with modprobe fuse"),
            Errno.EBUSY => new MountException(outcome, $"mount point {mountPoint} is in use"),
            _ => new MountException(outcome, $"mounting on {mountPoint}: {outcome.Message()}"),
        };
    }

    /// <summary>The channel to the kernel of a mount that is still to be made.</summary>
    public static FileDescriptor OpenDevice()
    {
        FileDescriptor device = Libc.open(DevicePath, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC, 0);
        if (!device.IsInvalid)
        {
            return device;
        }

        Errno outcome = Libc.LastError;
        device.Dispose();
        throw outcome switch
        {
            Errno.ENOENT => new MountException(outcome, $"{DevicePath} is missing: load the kernel's module with modprobe fuse; a container needs --device {DevicePath}"),
            Errno.ENODEV or Errno.ENXIO => new MountException(outcome, $"{DevicePath} has no driver: load the kernel's module with modprobe fuse"),
            _ => new MountException(outcome, $"{DevicePath}: {outcome.Message()}"),
        };
    }

    private static string ToData(FileDescriptor device, MountOptions options)
    {
        // rootmode is that of a directory; who may is the kernel's to check.
        string data = $"fd={device.DangerousNumber},rootmode=40000,user_id={Libc.getuid()},group_id={Libc.getgid()},default_permissions";
        return options.AllowOther ?? true ? data + ",allow_other" : data;
    }
}

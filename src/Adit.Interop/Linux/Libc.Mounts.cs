using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Mounting and unmounting. The calls on mounts that are nowhere yet are newer than many C libraries, and have the same numbers on all
/// processors.</content>
public static unsafe partial class Libc
{
    private const int MoveMountNumber = 429;
    private const int FileSystemOpenNumber = 430;
    private const int FileSystemConfigNumber = 431;
    private const int FileSystemMountNumber = 432;
    private const int MountSetAttributesNumber = 442;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int umount2(string target, int flags);

    /// <summary>Begins a file system that is not mounted yet.</summary>
    public static FileDescriptor fsopen(string type, uint flags)
    {
        fixed (byte* name = Terminated(type))
        {
            return new FileDescriptor((int)syscall(FileSystemOpenNumber, name, flags));
        }
    }

    /// <summary>Sets one of its options, or makes it.</summary>
    /// <param name="fs">What fsopen gave.</param>
    /// <param name="command">FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE.</param>
    /// <param name="key">The option's name, or null.</param>
    /// <param name="value">Its value, or null.</param>
    public static int fsconfig(FileDescriptor fs, uint command, string? key, string? value)
    {
        fixed (byte* name = key is null ? null : Terminated(key), text = value is null ? null : Terminated(value))
        {
            return (int)syscall(FileSystemConfigNumber, fs.DangerousNumber, command, name, text, 0);
        }
    }

    /// <summary>Makes a mount of it that is nowhere; it ends with its descriptor unless it is moved somewhere.</summary>
    public static FileDescriptor fsmount(FileDescriptor fs, uint flags, uint attributes) =>
        new((int)syscall(FileSystemMountNumber, fs.DangerousNumber, flags, (nint)attributes));

    /// <summary>Gives a mount attributes.</summary>
    public static int mount_setattr(FileDescriptor mount, MountAttributes* attributes)
    {
        byte nothing = 0;
        return (int)syscall(MountSetAttributesNumber, mount.DangerousNumber, &nothing, AT_EMPTY_PATH, attributes, MountAttributes.SizeBytes);
    }

    /// <summary>Puts a mount on a directory.</summary>
    public static int move_mount(FileDescriptor mount, string target)
    {
        byte nothing = 0;
        fixed (byte* path = Terminated(target))
        {
            return (int)syscall(MoveMountNumber, mount.DangerousNumber, &nothing, AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
        }
    }

    private static byte[] Terminated(string text)
    {
        var bytes = new byte[System.Text.Encoding.UTF8.GetByteCount(text) + 1];
        System.Text.Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, byte* text, nuint flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint fd, nuint flags, nint attributes);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint fd, nuint command, byte* key, byte* value, nint number2);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint fd, byte* path, nint flags, MountAttributes* attributes, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint fd, byte* from, nint directory, byte* to, nuint flags);

    public const uint FSOPEN_CLOEXEC = 1;
    public const uint FSMOUNT_CLOEXEC = 1;
    public const uint FSCONFIG_SET_FLAG = 0;
    public const uint FSCONFIG_SET_STRING = 1;
    public const uint FSCONFIG_CMD_CREATE = 6;
    public const uint MOVE_MOUNT_F_EMPTY_PATH = 4;
    public const uint MOUNT_ATTR_RDONLY = 1;
    public const uint MOUNT_ATTR_NOSUID = 2;
    public const uint MOUNT_ATTR_NODEV = 4;
    public const uint MOUNT_ATTR_NOEXEC = 8;
    public const uint MOUNT_ATTR_NOATIME = 0x10;
    public const uint MOUNT_ATTR_STRICTATIME = 0x20;
    public const uint MOUNT_ATTR_NODIRATIME = 0x80;
    public const uint MOUNT_ATTR_IDMAP = 0x100000;

    public const nuint MS_RDONLY = 1;
    public const nuint MS_NOSUID = 2;
    public const nuint MS_NODEV = 4;
    public const nuint MS_NOEXEC = 8;
    public const nuint MS_SYNCHRONOUS = 16;
    public const nuint MS_REMOUNT = 32;
    public const nuint MS_NOSYMFOLLOW = 256;
    public const nuint MS_NOATIME = 1024;
    public const nuint MS_NODIRATIME = 2048;
    public const nuint MS_BIND = 4096;
    public const nuint MS_RELATIME = 1 << 21;
    public const nuint MS_STRICTATIME = 1 << 24;

    public const int MNT_FORCE = 1;
    public const int MNT_DETACH = 2;
    public const int MNT_EXPIRE = 4;
    public const int UMOUNT_NOFOLLOW = 8;
}

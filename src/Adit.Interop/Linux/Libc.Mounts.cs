using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Mounting and unmounting.</content>
public static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int umount2(string target, int flags);

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

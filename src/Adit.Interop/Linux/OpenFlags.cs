using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary>Flags of <see cref="Libc.open"/>. Four of them have other numbers on arm64.</summary>
public static class OpenFlags
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_ACCMODE = 3;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_DSYNC = 0x1000;
    public const int O_CLOEXEC = 0x80000;
    public const int O_SYNC = 0x101000;
    public const int O_PATH = 0x200000;
    public const int O_NOATIME = 0x40000;

    private static readonly bool IsArm64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static int O_DIRECT => IsArm64 ? 0x10000 : 0x4000;

    public static int O_LARGEFILE => IsArm64 ? 0x20000 : 0x8000;

    public static int O_DIRECTORY => IsArm64 ? 0x4000 : 0x10000;

    public static int O_NOFOLLOW => IsArm64 ? 0x8000 : 0x20000;

    public static int O_TMPFILE => 0x400000 | O_DIRECTORY;
}

using System.Runtime.InteropServices;

namespace Adit.Cli.Tests.Holding;

/// <summary>Calls on names, one system call each, so that its outcome is the file system's.</summary>
internal static class Posix
{
    public const int AppendOnly = 0x400 | 1;
    public const int CreateNew = 0x40 | 0x80 | 2;
    public const int ReadWrite = 2;
    public const int Unnamed = 0x410000 | 2;
    public const int AtEmptyPath = 0x1000;

    [DllImport("libc", SetLastError = true)]
    public static extern int rename([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [DllImport("libc", SetLastError = true)]
    public static extern int link([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [DllImport("libc", SetLastError = true)]
    public static extern int linkat(
        int fromDirectory, [MarshalAs(UnmanagedType.LPUTF8Str)] string from, int toDirectory, [MarshalAs(UnmanagedType.LPUTF8Str)] string to, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int symlink([MarshalAs(UnmanagedType.LPUTF8Str)] string target, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [DllImport("libc", SetLastError = true)]
    public static extern int mkdir([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    public static extern int rmdir([MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [DllImport("libc", SetLastError = true)]
    public static extern int unlink([MarshalAs(UnmanagedType.LPUTF8Str)] string path);
}

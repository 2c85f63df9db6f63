using System.Runtime.InteropServices;
using System.Text;

namespace Adit.Fuse.Tests.Clients;

/// <summary>System calls as they are, by number (x86-64), for client processes of the tests: nothing of a runtime or libc stands between. A
/// result is what the kernel returned, or a negative errno. Credentials that are changed are the calling thread's alone.</summary>
internal static unsafe class Kernel
{
    public const int AtFdCwd = -100;

    [DllImport("libc", EntryPoint = "syscall", SetLastError = false)]
    private static extern nint RawCall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    public static long Call(int number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0, nint f = 0)
    {
        nint result = RawCall(number, a, b, c, d, e, f);
        return result == -1 ? -Marshal.GetLastSystemError() : result;
    }

    public static long Open(string path, int flags, int mode = 0) => WithPath(path, p => Call(257, AtFdCwd, p, flags, mode));

    public static long Close(long fd) => Call(3, (nint)fd);

    public static long Read(long fd, Span<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            return Call(17, (nint)fd, (nint)start, bytes.Length, (nint)offset);
        }
    }

    public static long Write(long fd, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            return Call(18, (nint)fd, (nint)start, bytes.Length, (nint)offset);
        }
    }

    public static long Map(long fd, long length, bool isShared) =>
        Call(9, 0, (nint)length, 3, isShared ? 1 : 2, (nint)fd, 0);

    public static long Sync(long address, long length) => Call(26, (nint)address, (nint)length, 4);

    public static long Unmap(long address, long length) => Call(11, (nint)address, (nint)length);

    public static long Truncate(long fd, long length) => Call(77, (nint)fd, (nint)length);

    public static long Unlink(string path) => WithPath(path, p => Call(87, p));

    public static long MakeDirectory(string path, int mode) => WithPath(path, p => Call(83, p, mode));

    public static long RemoveDirectory(string path) => WithPath(path, p => Call(84, p));

    public static long Rename(string path, string newPath) => WithPath(path, p => WithPath(newPath, q => Call(82, p, q)));

    public static long Link(string path, string newPath) => WithPath(path, p => WithPath(newPath, q => Call(86, p, q)));

    /// <summary>lstat.</summary>
    public static long Stat(string path, out FileStatus status)
    {
        fixed (FileStatus* found = &status)
        {
            nint place = (nint)found;
            return WithPath(path, p => Call(6, p, place));
        }
    }

    public static long WithPath(string path, Func<nint, long> action)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* start = bytes)
        {
            return action((nint)start);
        }
    }
}

/// <summary>struct stat of x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FileStatus
{
    public ulong Device;
    public ulong Inode;
    public ulong LinkCount;
    public uint Mode;
    public uint UserId;
    public uint GroupId;
    public uint Padding;
    public ulong SpecialDevice;
    public long Size;
    public long BlockSize;
    public long Blocks;
    public long AccessSeconds;
    public long AccessNanoseconds;
    public long ModifySeconds;
    public long ModifyNanoseconds;
    public long ChangeSeconds;
    public long ChangeNanoseconds;
    public fixed long Unused[3];
}

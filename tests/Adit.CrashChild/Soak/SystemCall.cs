using System.Runtime.InteropServices;
using Adit.Interop.Linux;

namespace Adit.CrashChild.Soak;

/// <summary>System calls as they are, by number (x86-64): nothing of a runtime or a C library between, and nothing allocated. Names end with a zero. A result is
/// what the kernel returned, or a negative errno.</summary>
internal static unsafe partial class SystemCall
{
    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_APPEND = 0x400;
    public const int O_DIRECT = 0x4000;
    public const int O_DIRECTORY = 0x10000;
    public const int O_NOFOLLOW = 0x20000;
    public const int O_CLOEXEC = 0x80000;
    public const int O_TMPFILE = 0x400000 | O_DIRECTORY;
    public const int AtFdCwd = -100;

    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_STATX_FORCE_SYNC = 0x2000;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint RawCall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    private static long Call(int number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0, nint f = 0)
    {
        nint result = RawCall(number, a, b, c, d, e, f);
        return result == -1 ? -Marshal.GetLastPInvokeError() : result;
    }

    public static long Open(byte* path, int flags, int mode = 0) => Call(257, AtFdCwd, (nint)path, flags | O_CLOEXEC, mode);

    public static long Close(long fd) => Call(3, (nint)fd);

    public static long Read(long fd, byte* bytes, long count, long offset) => Call(17, (nint)fd, (nint)bytes, (nint)count, (nint)offset);

    public static long Write(long fd, byte* bytes, long count, long offset) => Call(18, (nint)fd, (nint)bytes, (nint)count, (nint)offset);

    public static long Append(long fd, byte* bytes, long count) => Call(1, (nint)fd, (nint)bytes, (nint)count);

    /// <summary>Shared, for reading and writing. An address, or a negative errno.</summary>
    public static long Map(long fd, long length, long offset) => Call(9, 0, (nint)length, 3, 1, (nint)fd, (nint)offset);

    public static long SyncMapping(long address, long length) => Call(26, (nint)address, (nint)length, 4);

    public static long Unmap(long address, long length) => Call(11, (nint)address, (nint)length);

    public static long Truncate(long fd, long length) => Call(77, (nint)fd, (nint)length);

    public static long TruncateByName(byte* path, long length) => Call(76, (nint)path, (nint)length);

    public static long Allocate(long fd, int mode, long offset, long length) => Call(285, (nint)fd, mode, (nint)offset, (nint)length);

    public static long Sync(long fd, bool dataOnly) => Call(dataOnly ? 75 : 74, (nint)fd);

    public static long CopyRange(long from, long* fromOffset, long to, long* toOffset, long count) =>
        Call(326, (nint)from, (nint)fromOffset, (nint)to, (nint)toOffset, (nint)count);

    /// <summary>Asks the file system, whatever the kernel remembers.</summary>
    public static long Stat(byte* path, StatxBuffer* found) =>
        Call(332, AtFdCwd, (nint)path, AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC, (nint)StatxBuffer.STATX_BASIC_STATS, (nint)found);

    public static long Stat(long fd, byte* empty, StatxBuffer* found) =>
        Call(332, (nint)fd, (nint)empty, AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, (nint)StatxBuffer.STATX_BASIC_STATS, (nint)found);

    public static long StatFs(byte* path, byte* found) => Call(137, (nint)path, (nint)found);

    public static long Unlink(byte* path) => Call(87, (nint)path);

    public static long MakeDirectory(byte* path) => Call(83, (nint)path, 0x1ED);

    public static long RemoveDirectory(byte* path) => Call(84, (nint)path);

    public static long Rename(byte* path, byte* newPath, int flags) => Call(316, AtFdCwd, (nint)path, AtFdCwd, (nint)newPath, flags);

    public static long Link(byte* path, byte* newPath) => Call(86, (nint)path, (nint)newPath);

    public static long LinkUnnamed(long fd, byte* empty, byte* newPath) => Call(265, (nint)fd, (nint)empty, AtFdCwd, (nint)newPath, AT_EMPTY_PATH);

    public static long Symlink(byte* target, byte* path) => Call(88, (nint)target, (nint)path);

    public static long ReadLink(byte* path, byte* target, long capacity) => Call(89, (nint)path, (nint)target, (nint)capacity);

    public static long List(long fd, byte* entries, long capacity) => Call(217, (nint)fd, (nint)entries, (nint)capacity);

    public static long ChangeMode(byte* path, uint mode) => Call(90, (nint)path, (nint)mode);

    /// <summary>Sets the time of the last change and leaves that of the last access.</summary>
    public static long SetModifyTime(byte* path, long seconds)
    {
        const long UTIME_OMIT = (1 << 30) - 2;
        long* times = stackalloc long[4] { 0, UTIME_OMIT, seconds, 0 };
        return Call(280, AtFdCwd, (nint)path, (nint)times);
    }

    public static long SetAttribute(byte* path, byte* name, byte* value, long length, int flags) => Call(188, (nint)path, (nint)name, (nint)value, (nint)length, flags);

    public static long GetAttribute(byte* path, byte* name, byte* value, long capacity) => Call(191, (nint)path, (nint)name, (nint)value, (nint)capacity);

    public static long RemoveAttribute(byte* path, byte* name) => Call(197, (nint)path, (nint)name);

    public static long Lock(long fd, int operation) => Call(73, (nint)fd, operation);

    /// <summary>F_OFD_SETLK over the whole file.</summary>
    /// <param name="fd">The file.</param>
    /// <param name="kind">1: to write; 2: not any more.</param>
    public static long LockRange(long fd, short kind)
    {
        long* range = stackalloc long[4] { 0, 0, 0, 0 };
        *(short*)range = kind;
        return Call(72, (nint)fd, 37, (nint)range);
    }

    public static long ChangeDirectory(byte* path) => Call(80, (nint)path);

    public static long ParentProcess() => Call(110);
}

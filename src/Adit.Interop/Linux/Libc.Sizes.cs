using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>A file's size, room and attributes.</content>
public static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    public static partial int ftruncate(FileDescriptor fd, long length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fallocate(FileDescriptor fd, int mode, long offset, long length);

    /// <summary>A file's attributes, in a layout that is the same on every architecture.
    /// With <see cref="AT_EMPTY_PATH"/> and an empty path: those of <paramref name="directory"/> itself.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int directory, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fstatfs(FileDescriptor fd, StatfsBuffer* buffer);

    /// <summary>The attributes of an open file.</summary>
    public static Errno Stat(FileDescriptor fd, out StatxBuffer attributes)
    {
        StatxBuffer buffer = default;
        Errno outcome = Outcome(statx(fd.DangerousNumber, "", AT_EMPTY_PATH, StatxBuffer.STATX_BASIC_STATS, &buffer));
        attributes = buffer;
        return outcome;
    }

    /// <summary>The attributes of what a path leads to.</summary>
    public static Errno Stat(string path, out StatxBuffer attributes)
    {
        StatxBuffer buffer = default;
        Errno outcome = Outcome(statx(AT_FDCWD, path, 0, StatxBuffer.STATX_BASIC_STATS, &buffer));
        attributes = buffer;
        return outcome;
    }

    public const int FALLOC_FL_KEEP_SIZE = 0x01;
    public const int FALLOC_FL_PUNCH_HOLE = 0x02;
    public const int FALLOC_FL_ZERO_RANGE = 0x10;
}

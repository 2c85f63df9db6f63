using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Making a file durable.</content>
public static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    public static partial int fsync(FileDescriptor fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fdatasync(FileDescriptor fd);

    /// <summary>Writes back a range of the page cache. Alone it makes nothing durable: no metadata, no disk cache.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int sync_file_range(FileDescriptor fd, long offset, long length, uint flags);

    public const uint SYNC_FILE_RANGE_WAIT_BEFORE = 1;
    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const uint SYNC_FILE_RANGE_WAIT_AFTER = 4;
}

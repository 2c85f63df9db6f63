using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Locks and controls of a descriptor.</content>
public static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    public static partial int flock(FileDescriptor fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int dup2(int fd, int newFd);

    /// <summary>Waits for any of several descriptors; a timeout of -1 is for ever.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int timeoutMs);

    public const short POLLIN = 1;

    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;

    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_SETPIPE_SZ = 1031;
    public const int F_ADD_SEALS = 1033;
    public const int FD_CLOEXEC = 1;

    public const int F_SEAL_SHRINK = 2;
    public const int F_SEAL_GROW = 4;
}

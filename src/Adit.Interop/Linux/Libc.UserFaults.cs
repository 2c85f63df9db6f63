using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Faults that the kernel tells user space about. Adit uses one mode of it: the kernel's own bookkeeping of
/// which pages were stored to (<see cref="UserFault"/>); no fault ever waits for a thread of this process.</content>
public static unsafe partial class Libc
{
    /// <summary>Opens a userfaultfd. The C library has no function for it.</summary>
    /// <param name="flags">O_CLOEXEC, O_NONBLOCK, <see cref="UserFault.UFFD_USER_MODE_ONLY"/>.</param>
    /// <returns>An invalid descriptor for a failure: EPERM for a user who may not, ENOSYS where the kernel has none.</returns>
    public static FileDescriptor userfaultfd(int flags)
    {
        // -1 is not a system call of any architecture: ENOSYS.
        return new FileDescriptor((int)syscall(NumberOf(x64: 323, generic: 282), flags));
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint argument);
}

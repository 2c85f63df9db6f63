namespace Adit.Interop;

/// <summary>Words for <see cref="Errno"/>, independent of the machine's language.</summary>
public static class ErrnoText
{
    /// <summary>As people read it: <c>No such file or directory (ENOENT)</c>.</summary>
    public static string Message(this Errno errno) => $"{errno.Text()} ({errno.Name()})";

    /// <summary>The symbol, or <c>errno 77</c> for a number without one here.</summary>
    public static string Name(this Errno errno) => Enum.GetName(errno) ?? $"errno {(int)errno}";

    private static string Text(this Errno errno) => errno switch
    {
        Errno.Success => "Success",
        Errno.EPERM => "Operation not permitted",
        Errno.ENOENT => "No such file or directory",
        Errno.ESRCH => "No such process",
        Errno.EINTR => "Interrupted system call",
        Errno.EIO => "Input/output error",
        Errno.ENXIO => "No such device or address",
        Errno.E2BIG => "Argument list too long",
        Errno.EBADF => "Bad file descriptor",
        Errno.EAGAIN => "Resource temporarily unavailable",
        Errno.ENOMEM => "Cannot allocate memory",
        Errno.EACCES => "Permission denied",
        Errno.EFAULT => "Bad address",
        Errno.EBUSY => "Device or resource busy",
        Errno.EEXIST => "File exists",
        Errno.EXDEV => "Invalid cross-device link",
        Errno.ENODEV => "No such device",
        Errno.ENOTDIR => "Not a directory",
        Errno.EISDIR => "Is a directory",
        Errno.EINVAL => "Invalid argument",
        Errno.ENFILE => "Too many open files in system",
        Errno.EMFILE => "Too many open files",
        Errno.ENOTTY => "Inappropriate ioctl for device",
        Errno.ETXTBSY => "Text file busy",
        Errno.EFBIG => "File too large",
        Errno.ENOSPC => "No space left on device",
        Errno.ESPIPE => "Illegal seek",
        Errno.EROFS => "Read-only file system",
        Errno.EMLINK => "Too many links",
        Errno.EPIPE => "Broken pipe",
        Errno.ERANGE => "Numerical result out of range",
        Errno.EDEADLK => "Resource deadlock avoided",
        Errno.ENAMETOOLONG => "File name too long",
        Errno.ENOSYS => "Function not implemented",
        Errno.ENOTEMPTY => "Directory not empty",
        Errno.ELOOP => "Too many levels of symbolic links",
        Errno.ENODATA => "No data available",
        Errno.EPROTO => "Protocol error",
        Errno.EOVERFLOW => "Value too large for defined data type",
        Errno.ENOTSUP => "Operation not supported",
        Errno.ECONNABORTED => "Software caused connection abort",
        Errno.ENOTCONN => "Transport endpoint is not connected",
        Errno.ETIMEDOUT => "Connection timed out",
        Errno.ESTALE => "Stale file handle",
        Errno.EUCLEAN => "Structure needs cleaning",
        Errno.EDQUOT => "Disk quota exceeded",
        Errno.ECANCELED => "Operation canceled",
        Errno.EHWPOISON => "Memory page has hardware error",
        _ => $"Unknown error {(int)errno}",
    };
}

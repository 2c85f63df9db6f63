using Adit.Interop;

namespace Adit;

/// <summary>What an outcome means to a person, with a way out where there is one.</summary>
internal static class ErrnoReasons
{
    public static string Of(Errno errno) => errno switch
    {
        Errno.EPERM => "the operation is not permitted on this kind of file.",
        Errno.ENOENT => "there is no such file or directory.",
        Errno.EIO => "the medium failed or its content is damaged; 'adit fsck' tells what is hit.",
        Errno.ENXIO => "there is nothing at or behind this offset, or it is a special file that cannot be opened here.",
        Errno.E2BIG => "the value is longer than 64 KiB.",
        Errno.EBADF => "the file is closed, or was not opened for this.",
        Errno.EBUSY => "it is in use.",
        Errno.EEXIST => "it exists already.",
        Errno.ENOTDIR => "a part of the path, or what it leads to, is not a directory.",
        Errno.EISDIR => "it is a directory.",
        Errno.EINVAL => "the arguments do not make sense for it.",
        Errno.EFBIG => "a file can be at most 2^55 bytes long.",
        Errno.ENOSPC => "the volume, or the host below it, has no room; delete something, or make a larger volume.",
        Errno.EDQUOT => "the owner, group or project has used up its quota; 'adit quota VOLUME' tells which.",
        Errno.EROFS => "the volume is open read-only.",
        Errno.EMLINK => "it has as many names as it can have.",
        Errno.ERANGE => "the name or the buffer has the wrong length.",
        Errno.ENAMETOOLONG => "a name is longer than 255 bytes, or a link's target longer than 4095.",
        Errno.ENOTEMPTY => "the directory is not empty.",
        Errno.ELOOP => "there are too many symbolic links on the way, or it is one.",
        Errno.ENODATA => "there is no such attribute.",
        Errno.ENOTSUP => "this is not supported.",
        Errno.ESTALE => "it does not exist any more.",
        Errno.EUCLEAN => "the volume is damaged; 'adit fsck --repair' saves what can be saved.",
        _ => $"it failed with {errno}.",
    };
}

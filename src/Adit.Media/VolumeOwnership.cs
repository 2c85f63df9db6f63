using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Owns the file or device of a volume for others: for processes that open it one after another, with nobody else in between.</summary>
/// <remarks>Ownership is an flock(2), so it is the open file's, whichever process has a descriptor of it. A lock that grows from shared to exclusive and
/// cannot is lost, by the kernel's rule: then it is taken back at once, and only the end of all other readers and the beginning of a writer
/// between two system calls could make that fail.</remarks>
public static class VolumeOwnership
{
    /// <summary>Opens a file or device and takes its ownership, as opening a medium there would.</summary>
    /// <param name="path">The file or device.</param>
    /// <param name="readOnly">As one of several readers.</param>
    /// <returns>The descriptor that owns it; see <see cref="MediumOptions.Descriptor"/>. Ownership ends when it and all its duplicates are closed.</returns>
    /// <exception cref="MediumException">ENOENT, EACCES, EBUSY (someone owns it), EINVAL (neither a file nor a device).</exception>
    public static FileDescriptor Take(string path, bool readOnly)
    {
        using MediumFile file = MediumFile.Open(path, readOnly);
        file.Own(readOnly, wait: true);
        file.HandOver();
        return file.Descriptor;
    }

    /// <summary>Opens an owned file or device once more, for writing where it was opened for reading, as one of its readers. The ownership of the first
    /// stays as it is; <see cref="Pass"/> makes the second the writer.</summary>
    /// <param name="owner">What <see cref="Take"/> gave for reading.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="MediumException">EROFS, EPERM, EACCES ...: it cannot be written.</exception>
    public static FileDescriptor OpenForWriting(FileDescriptor owner, string path)
    {
        // The very file, also when another has its name by now.
        FileDescriptor writable = Libc.open($"/proc/self/fd/{owner.DangerousNumber}", OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC, 0);
        Errno outcome = writable.IsInvalid ? Libc.LastError : Lock(writable, Libc.LOCK_SH);
        if (outcome == Errno.Success)
        {
            return writable;
        }

        writable.Dispose();
        throw new MediumException(outcome, $"{path} cannot be opened for writing: {outcome.Message()}");
    }

    /// <summary>Whether a descriptor can be written through.</summary>
    public static bool IsWritable(FileDescriptor owner) => (Libc.fcntl(owner.DangerousNumber, Libc.F_GETFL, 0) & OpenFlags.O_ACCMODE) == OpenFlags.O_RDWR;

    /// <summary>Makes one open file of a volume its writer, in place of one that was a reader. At each moment one of the two owns it.</summary>
    /// <param name="reader">Owns the volume, perhaps with others; nothing any more when this succeeds. May be the same as <paramref name="writer"/>.</param>
    /// <param name="writer">See <see cref="OpenForWriting"/>.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="MediumException">EBUSY: others read the volume; both are readers as before. ESTALE: they are nothing any more, a writer has it.</exception>
    public static void Pass(FileDescriptor reader, FileDescriptor writer, string path)
    {
        if (!ReferenceEquals(reader, writer))
        {
            _ = Lock(reader, Libc.LOCK_UN);
        }

        Errno outcome = Lock(writer, Libc.LOCK_EX);
        if (outcome != Errno.Success)
        {
            Share(writer, path);
            Share(reader, path);
            throw new MediumException(Errno.EBUSY, $"{path} is open for reading elsewhere too. To see where: fuser -v {path}");
        }
    }

    /// <summary>Makes an owner one of several readers. Of the only owner that always succeeds.</summary>
    /// <exception cref="MediumException">ESTALE: it was no owner, and a writer is.</exception>
    public static void Share(FileDescriptor owner, string path)
    {
        Errno outcome = Lock(owner, Libc.LOCK_SH);
        if (outcome != Errno.Success)
        {
            throw new MediumException(Errno.ESTALE, $"{path} was taken over by another process: {outcome.Message()}");
        }
    }

    private static Errno Lock(FileDescriptor file, int operation)
    {
        Errno outcome;
        do
        {
            outcome = Libc.Outcome(Libc.flock(file, operation | Libc.LOCK_NB));
        }
        while (outcome == Errno.EINTR);

        return outcome;
    }
}

using Adit.Fuse;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Trees;

namespace Adit.Cli.CommandLine;

/// <summary>Why a command ends without being done: a message for people and an exit code for scripts.</summary>
internal sealed class CommandFailure(string message, ExitCode exitCode = ExitCode.Failed, Errno errno = Errno.Success, Exception? inner = null)
    : Exception(message, inner)
{
    public ExitCode ExitCode { get; } = exitCode;

    /// <summary>The POSIX outcome behind it, or success when there is none.</summary>
    public Errno Errno { get; } = errno;

    public static CommandFailure Usage(string message) => new(message, ExitCode.Usage, Errno.EINVAL);

    /// <summary>The failure that an exception of the layers below means, or null when it is a defect of the program.</summary>
    public static CommandFailure? From(Exception exception) => exception switch
    {
        CommandFailure failure => failure,
        AditException error => Of(error.Errno, error),
        VolumeException error => Of(error.Errno, error),
        MediumException error => Of(error.Errno, error),
        MountException error => Of(error.Errno, error),
        TreeDamagedException error => new CommandFailure(error.Message, ExitCode.Damaged, error.Errno, error),
        FileNotFoundException or DirectoryNotFoundException => new CommandFailure(exception.Message, errno: Errno.ENOENT, inner: exception),
        UnauthorizedAccessException => new CommandFailure(exception.Message, errno: Errno.EACCES, inner: exception),
        IOException => new CommandFailure(exception.Message, errno: Errno.EIO, inner: exception),
        OperationCanceledException => new CommandFailure("interrupted", errno: Errno.EINTR, inner: exception),
        _ => null,
    };

    public static ExitCode ExitCodeOf(Errno errno) => errno switch
    {
        Errno.EBUSY => ExitCode.Busy,
        Errno.EUCLEAN => ExitCode.Damaged,
        _ => ExitCode.Failed,
    };

    private static CommandFailure Of(Errno errno, Exception error) => new(error.Message, ExitCodeOf(errno), errno, error);
}

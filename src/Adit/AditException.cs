using Adit.Interop;

namespace Adit;

/// <summary>An operation of the library that failed: the one place where the outcomes of the file system become exceptions.
/// The message names the operation, the path, the reason and a way out.</summary>
public class AditException : IOException
{
    /// <param name="errno">The POSIX outcome.</param>
    /// <param name="operation">What was asked, as a verb: "open", "rename".</param>
    /// <param name="path">The path it was asked of, or null.</param>
    /// <param name="reason">What is wrong and what helps.</param>
    /// <param name="inner">The cause, when another exception is.</param>
    public AditException(Errno errno, string operation, string? path, string reason, Exception? inner = null)
        : base(path is null ? $"{operation}: {reason}" : $"{operation} {path}: {reason}", inner)
    {
        Errno = errno;
        Operation = operation;
        Path = path;
    }

    /// <summary>The POSIX outcome.</summary>
    public Errno Errno { get; }

    /// <summary>What was asked.</summary>
    public string Operation { get; }

    /// <summary>The path it was asked of, or null.</summary>
    public string? Path { get; }
}

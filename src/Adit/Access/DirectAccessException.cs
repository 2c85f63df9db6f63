using Adit.Interop;

namespace Adit.Access;

/// <summary>A pin, a view or a direct read was asked of a file that is not accessed directly: EOPNOTSUPP. Nothing is copied instead.</summary>
public sealed class DirectAccessException : AditException
{
    /// <param name="operation">What was asked.</param>
    /// <param name="path">Of which file.</param>
    /// <param name="status">How it is accessed, and why.</param>
    public DirectAccessException(string operation, string path, DaxStatus status)
        : base(Errno.ENOTSUP, operation, path, $"the file is not accessed directly: {status?.Reason}")
    {
        ArgumentNullException.ThrowIfNull(status);
        Status = status;
    }

    /// <summary>How the file is accessed, why, and what will change that.</summary>
    public DaxStatus Status { get; }
}

using Adit.Interop;

namespace Adit.Fuse;

/// <summary>A mount or unmount that failed. The message says why and what helps.</summary>
public sealed class MountException(Errno errno, string message) : IOException(message)
{
    public Errno Errno { get; } = errno;
}

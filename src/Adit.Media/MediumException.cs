using Adit.Interop;

namespace Adit.Media;

/// <summary>A medium that cannot be opened, or that failed under a write. The message names the medium, what was
/// asked of it, the reason and the way out.</summary>
public sealed class MediumException(Errno errno, string message, Exception? inner = null)
    : IOException(message, inner)
{
    public Errno Errno { get; } = errno;
}

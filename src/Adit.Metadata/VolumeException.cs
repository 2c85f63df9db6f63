using Adit.Interop;

namespace Adit.Metadata;

/// <summary>A volume that cannot be made, opened or used. The message names it, the reason and the way out.</summary>
/// <param name="errno">EUCLEAN: damaged. EPROTO: made by a newer version. EINVAL: not a volume. EROFS, ENOSPC, EIO, EBUSY as usual.</param>
public sealed class VolumeException(Errno errno, string message, Exception? inner = null)
    : IOException(message, inner)
{
    public Errno Errno { get; } = errno;
}

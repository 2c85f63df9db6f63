using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Owns the file or device of a volume for others: for processes that open it one after another, with nobody else in between.</summary>
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
}

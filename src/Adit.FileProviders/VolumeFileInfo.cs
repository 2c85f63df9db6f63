using Adit.Nodes;
using Microsoft.Extensions.FileProviders;

namespace Adit.FileProviders;

/// <summary>A file or directory of a volume as it was when it was asked for.</summary>
internal sealed class VolumeFileInfo(Volume volume, string path, string name, in NodeAttributes attributes) : IFileInfo
{
    public bool Exists => true;

    public bool IsDirectory { get; } = attributes.Type == FileType.Directory;

    /// <summary>Of a directory -1, as for the providers of the framework.</summary>
    public long Length { get; } = attributes.Type == FileType.Directory ? -1 : attributes.SizeBytes;

    /// <summary>None: there is no such file on the host.</summary>
    public string? PhysicalPath => null;

    public string Name => name;

    public DateTimeOffset LastModified { get; } =
        DateTimeOffset.FromUnixTimeSeconds(attributes.ModifyTime.Seconds).AddTicks(attributes.ModifyTime.Nanoseconds / 100);

    /// <exception cref="AditException">ENOENT: it is gone since. EISDIR.</exception>
    public Stream CreateReadStream() => volume.OpenFile(path, FileMode.Open, FileAccess.Read).AsStream();
}

using System.Collections;
using Adit.Nodes;
using Microsoft.Extensions.FileProviders;

namespace Adit.FileProviders;

/// <summary>The files and directories of a directory. Symbolic links show what they lead to; devices, pipes and sockets are not shown.</summary>
internal sealed class VolumeDirectoryContents(Volume volume, string path) : IDirectoryContents
{
    public bool Exists => true;

    public IEnumerator<IFileInfo> GetEnumerator()
    {
        foreach (DirectoryEntry entry in volume.Enumerate(path))
        {
            string entryPath = $"{path.TrimEnd('/')}/{entry.Name}";
            NodeAttributes attributes = entry.Attributes;
            bool isThere = entry.Type != FileType.SymbolicLink || VolumeFileProvider.TryGet(volume, entryPath, out attributes);
            if (isThere && VolumeFileProvider.IsShown(attributes))
            {
                yield return new VolumeFileInfo(volume, entryPath, entry.Name, attributes);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

using Adit.Interop;
using Adit.Nodes;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace Adit.FileProviders;

/// <summary>A directory of a volume as a file provider: for the static files, configuration and views of programs that read theirs through
/// <see cref="IFileProvider"/>. Reads only; no bytes are copied but to whoever reads.</summary>
/// <remarks>
/// Thread-safe. Paths are relative to the root, with or without a leading slash; one that leads above it by ".." is not found. Symbolic
/// links are followed, also out of the root, as everywhere in the library: serve no directory in which strangers may make links.
/// The volume is not owned: it must be open as long as files of it are read. What is not there is told as such; every other failure
/// is an <see cref="AditException"/>.
/// </remarks>
public sealed class VolumeFileProvider : IFileProvider, IDisposable
{
    private readonly Volume _volume;
    private readonly string _root;
    private readonly Lock _lock = new();
    private ChangeWatch? _watch;
    private bool _isDisposed;

    /// <param name="volume">The volume. Not owned.</param>
    /// <param name="root">The directory that the provider shows; need not be there yet.</param>
    public VolumeFileProvider(Volume volume, string root = "/")
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(root);
        _volume = volume;
        _root = "/" + root.Trim('/');
    }

    /// <summary>A file or directory as it is now. A file is opened by <see cref="IFileInfo.CreateReadStream"/>.</summary>
    public IFileInfo GetFileInfo(string subpath)
    {
        string name = subpath[(subpath.TrimEnd('/').LastIndexOf('/') + 1)..].TrimEnd('/');
        return TryResolve(subpath, out string path) && TryGet(_volume, path, out NodeAttributes attributes) && IsShown(attributes)
            ? new VolumeFileInfo(_volume, path, name, attributes)
            : new NotFoundFileInfo(name);
    }

    /// <summary>The files and directories of a directory as they are while they are enumerated.</summary>
    public IDirectoryContents GetDirectoryContents(string subpath) =>
        TryResolve(subpath, out string path) && TryGet(_volume, path, out NodeAttributes attributes) && attributes.Type == FileType.Directory
            ? new VolumeDirectoryContents(_volume, path)
            : NotFoundDirectoryContents.Singleton;

    /// <summary>A token that fires once after something that the filter names was made, changed or removed, by whatever program or way the
    /// volume was changed. Stores through pins and views count from their flush or end on.</summary>
    /// <param name="filter">A path, or a pattern of "*" (any part of a name) and "**" (any directories). One that ends in a slash means all that
    /// is in the directory itself.</param>
    /// <exception cref="ObjectDisposedException">The provider is disposed.</exception>
    public IChangeToken Watch(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (!TryResolve(filter, out string path))
        {
            return NullChangeToken.Singleton;
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _watch ??= new ChangeWatch(_volume);
            return _watch.Add(new PathPattern(filter.EndsWith('/') ? path.TrimEnd('/') + "/*" : path));
        }
    }

    /// <summary>Ends the watching: tokens that are out fire no more.</summary>
    public void Dispose()
    {
        ChangeWatch? watch;
        lock (_lock)
        {
            _isDisposed = true;
            watch = _watch;
            _watch = null;
        }

        watch?.Dispose();
    }

    /// <summary>Looks at a path.</summary>
    /// <returns>False: there is nothing.</returns>
    internal static bool TryGet(Volume volume, string path, out NodeAttributes attributes)
    {
        try
        {
            attributes = volume.GetAttributes(path);
            return true;
        }
        catch (AditException failure) when (failure.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ENAMETOOLONG or Errno.ELOOP)
        {
            attributes = default;
            return false;
        }
    }

    internal static bool IsShown(in NodeAttributes attributes) => attributes.Type is FileType.Regular or FileType.Directory;

    private bool TryResolve(string subpath, out string path)
    {
        path = _root;
        List<string> names = [];
        foreach (string name in subpath.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == ".." && names.Count == 0)
            {
                return false;
            }

            if (name == "..")
            {
                names.RemoveAt(names.Count - 1);
            }
            else if (name != ".")
            {
                names.Add(name);
            }
        }

        path = names.Count == 0 ? _root : $"{_root.TrimEnd('/')}/{string.Join('/', names)}";
        return !subpath.Contains('\0');
    }
}

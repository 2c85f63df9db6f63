using Adit.TestKit;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>A fresh folder under the run's root, gone afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = TestRoot.MakeFolder();

    public void Dispose()
    {
        // Never recurse into a mount that could not be taken away.
        if (!Mounting.MountTable.Read().Any(entry => entry.MountPoint.StartsWith(Path, StringComparison.Ordinal)))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}

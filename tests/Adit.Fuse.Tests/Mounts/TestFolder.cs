namespace Adit.Fuse.Tests.Mounts;

/// <summary>A fresh folder under the run's root, gone afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder()
    {
        string root = Environment.GetEnvironmentVariable("ADIT_TEST_ROOT") ?? System.IO.Path.GetTempPath();
        Path = System.IO.Path.Combine(root, $"adit-fuse-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public void Dispose()
    {
        // Never recurse into a mount that could not be taken away.
        if (!Mounting.MountTable.Read().Any(entry => entry.MountPoint.StartsWith(Path, StringComparison.Ordinal)))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}

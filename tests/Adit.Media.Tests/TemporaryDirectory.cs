namespace Adit.Media.Tests;

/// <summary>A fresh directory, removed with its content when disposed.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <param name="parent">Where to make it; /dev/shm for memory.</param>
    public TemporaryDirectory(string? parent = null)
    {
        Path = System.IO.Path.Combine(parent ?? System.IO.Path.GetTempPath(), $"adit-media-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string File(string name = "volume") => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

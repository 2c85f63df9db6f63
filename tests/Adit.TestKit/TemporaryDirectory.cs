namespace Adit.TestKit;

/// <summary>A fresh directory, removed with its content when disposed.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <param name="parent">Where to make it, instead of <see cref="TestRoot.Folder"/>; /dev/shm for memory.</param>
    public TemporaryDirectory(string? parent = null) => Path = TestRoot.MakeFolder(parent);

    public string Path { get; }

    public string File(string name = "volume") => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

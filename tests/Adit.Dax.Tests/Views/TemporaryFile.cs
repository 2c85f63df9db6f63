using Adit.TestKit;

namespace Adit.Dax.Tests.Views;

/// <summary>A file of zeros, removed when disposed.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(long lengthBytes, string? folder = null)
    {
        Path = TestRoot.MakeName("adit-view-", folder);
        using FileStream file = new(Path, FileMode.CreateNew);
        file.SetLength(lengthBytes);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}

namespace Adit.Dax.Tests.Views;

/// <summary>A file of zeros, removed when disposed.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(long lengthBytes, string? folder = null)
    {
        Path = System.IO.Path.Combine(folder ?? Root, $"adit-view-{Guid.NewGuid():n}");
        using FileStream file = new(Path, FileMode.CreateNew);
        file.SetLength(lengthBytes);
    }

    /// <summary>Where the run expects what its tests make.</summary>
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("ADIT_TEST_ROOT") is { Length: > 0 } given ? given : System.IO.Path.GetTempPath();

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}

namespace Adit.TestKit;

/// <summary>Where the run expects the files that its tests make.</summary>
public static class TestRoot
{
    /// <summary>The folder that <c>ADIT_TEST_ROOT</c> names, otherwise the one for temporary files.</summary>
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("ADIT_TEST_ROOT") is { Length: > 0 } given ? given : Path.GetTempPath();

    /// <summary>Makes a folder that is nobody else's; its maker removes it.</summary>
    /// <param name="parent">Where, instead of <see cref="Folder"/>.</param>
    public static string MakeFolder(string? parent = null)
    {
        string folder = MakeName("adit-tests-", parent);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>A path at which nothing is.</summary>
    /// <param name="prefix">Of the name.</param>
    /// <param name="parent">Where, instead of <see cref="Folder"/>.</param>
    public static string MakeName(string prefix, string? parent = null) => Path.Combine(parent ?? Folder, $"{prefix}{Guid.NewGuid():N}");
}

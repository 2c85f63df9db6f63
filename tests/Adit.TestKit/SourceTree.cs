namespace Adit.TestKit;

/// <summary>The repository that the tests were built in.</summary>
public static class SourceTree
{
    private static readonly Lazy<string> _root = new(Find);

    /// <summary>Its folder.</summary>
    /// <exception cref="InvalidOperationException">The tests run outside a repository.</exception>
    public static string Root => _root.Value;

    private static string Find()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Adit.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException($"No Adit.slnx above {AppContext.BaseDirectory}.");
        }

        return folder;
    }
}

namespace Adit.Cli.Trees;

/// <summary>Absolute paths inside a tree: names between slashes, without "." and "..".</summary>
internal static class TreePath
{
    public const string Root = "/";

    /// <summary>Makes a path absolute and takes out empty names, "." and "..".</summary>
    public static string Normalize(string path)
    {
        var names = new List<string>();
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == "..")
            {
                if (names.Count > 0)
                {
                    names.RemoveAt(names.Count - 1);
                }
            }
            else if (name != ".")
            {
                names.Add(name);
            }
        }

        return Root + string.Join('/', names);
    }

    public static string Join(string directory, string name) => directory == Root ? Root + name : $"{directory}/{name}";

    public static string NameOf(string path) => path == Root ? Root : path[(path.LastIndexOf('/') + 1)..];

    /// <summary>True when <paramref name="path"/> is <paramref name="directory"/> or lies in it.</summary>
    public static bool IsWithin(string path, string directory) =>
        directory == Root || path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);
}

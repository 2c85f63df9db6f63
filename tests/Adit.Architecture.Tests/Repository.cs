using System.Xml.Linq;
using Adit.TestKit;

namespace Adit.Architecture.Tests;

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root => SourceTree.Root;

    /// <summary>Every project, by name, with its project file.</summary>
    public static IReadOnlyDictionary<string, string> Projects { get; } = new[] { "src", "tests" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories))
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), path => path, StringComparer.Ordinal);

    public static IEnumerable<string> ReferencesOf(string project) => XDocument.Load(Projects[project])
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    public static bool IsTest(string project) => Projects[project].StartsWith(Path.Combine(Root, "tests"), StringComparison.Ordinal);

    /// <summary>Paths of the source files under a folder of the tree, relative to its root.</summary>
    public static IEnumerable<string> SourceFiles(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Root, path));
}

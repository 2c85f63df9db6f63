using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Adit.Architecture.Tests;

public sealed partial class HouseTests
{
    [Fact]
    public void Solution_lists_every_project()
    {
        var listed = XDocument.Load(Path.Combine(Repository.Root, "Adit.slnx"))
            .Descendants("Project")
            .Select(project => project.Attribute("Path")!.Value)
            .Order(StringComparer.Ordinal);
        var present = Repository.Projects.Values
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Order(StringComparer.Ordinal);

        Assert.Equal(present, listed);
    }

    [Fact]
    public void Package_versions_are_central()
    {
        var own = Repository.Projects.Values
            .SelectMany(path => XDocument.Load(path).Descendants("PackageReference")
                .Where(reference => reference.Attribute("Version") is not null)
                .Select(reference => $"{Path.GetFileName(path)}: {reference.Attribute("Include")?.Value}"));

        Assert.Empty(own);
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        var violations = new List<string>();
        foreach (var file in Repository.SourceFiles("src"))
        {
            var match = NamespaceLine().Match(File.ReadAllText(Path.Combine(Repository.Root, file)));
            if (match.Success)
            {
                var expected = Path.GetDirectoryName(file)!["src/".Length..].Replace('/', '.');
                if (match.Groups[1].Value != expected)
                {
                    violations.Add($"{file}: namespace {match.Groups[1].Value}");
                }
            }
        }

        Assert.Empty(violations);
    }

    [Fact]
    public void Documents_name_only_files_that_exist()
    {
        var violations = new List<string>();
        foreach (var document in Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)))
        {
            foreach (Match link in MarkdownLink().Matches(File.ReadAllText(document)))
            {
                var target = link.Groups[1].Value;
                if (!target.Contains("://", StringComparison.Ordinal)
                    && !Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, target)))
                {
                    violations.Add($"{Path.GetRelativePath(Repository.Root, document)}: {target}");
                }
            }
        }

        Assert.Empty(violations);
    }

    [Fact]
    public void Tutorial_prints_the_programs_that_the_tests_run()
    {
        var tutorial = File.ReadAllText(Path.Combine(Repository.Root, "docs", "DIRECT-ACCESS.md"));
        var programs = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Adit.Tutorial"), "*.cs")
            .Where(path => Path.GetFileName(path) != "Program.cs")
            .ToArray();

        Assert.Equal(5, programs.Length);
        Assert.All(programs, path => Assert.Contains($"```csharp\n{File.ReadAllText(path).TrimEnd()}\n```", tutorial, StringComparison.Ordinal));
    }

    /// <summary>The clean-up after a run knows that folder and no other. What runs in the guest has a machine to itself.</summary>
    [Fact]
    public void Tests_make_their_files_where_the_run_expects_them()
    {
        var violations = Repository.SourceFiles("tests")
            .Where(file => !file.StartsWith("tests/Adit.TestKit/", StringComparison.Ordinal) && !file.StartsWith("tests/Adit.Guest/", StringComparison.Ordinal))
            .SelectMany(file => TemporaryPlace().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))
                .Select(match => $"{file}: {match.Value}; Adit.TestKit.TestRoot makes folders and names"));

        Assert.Empty(violations);
    }

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    // Written so that it does not find itself.
    [GeneratedRegex(@"GetTemp(?:Path|FileName)\b|CreateTempSubdirector[y]|mktem[p]|""ADIT_TEST_ROO[T]""|[""'\s=]/tm[p]\b")]
    private static partial Regex TemporaryPlace();

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex MarkdownLink();
}

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Adit.Architecture.Tests;

public sealed class LayerTests
{
    [Fact]
    public void Project_references_point_one_way()
    {
        var violations = Repository.Projects.Keys
            .Where(project => !project.EndsWith(".Tests", StringComparison.Ordinal))
            .SelectMany(project => Repository.ReferencesOf(project).Select(to => LayerRules.Violation(project, to)))
            .OfType<string>();

        Assert.Empty(violations);
    }

    [Fact]
    public void Compiled_code_uses_only_what_its_layer_allows()
    {
        var seen = 0;
        var violations = new List<string>();
        foreach (var project in LayerRules.Allowed.Keys)
        {
            var assembly = FindAssembly(project);
            if (assembly is null)
            {
                continue;
            }

            seen++;
            violations.AddRange(AssemblyReferences(assembly)
                .Where(LayerRules.Allowed.ContainsKey)
                .Select(to => TransitiveViolation(project, to))
                .OfType<string>());
        }

        Assert.True(seen >= 6, $"only {seen} built assemblies were found");
        Assert.Empty(violations);
    }

    [Fact]
    public void Sources_reference_no_test_project_but_the_test_kit()
    {
        var violations = Repository.Projects.Keys
            .Where(project => !Repository.IsTest(project))
            .SelectMany(project => Repository.ReferencesOf(project)
                .Where(to => Repository.Projects.ContainsKey(to) && Repository.IsTest(to) && (project, to) != ("Adit.Cli", "Adit.TestKit"))
                .Select(to => $"{project} references {to}"));

        Assert.Empty(violations);
    }

    [Theory]
    [InlineData("Adit.Dax", "Adit.Metadata")]
    [InlineData("Adit.Media", "Adit.Format")]
    [InlineData("Adit.Fuse", "Adit.Metadata")]
    [InlineData("Adit", "Adit.Fuse")]
    [InlineData("Adit.Unheard", "Adit")]
    public void Rules_refuse_a_reference_against_the_direction(string from, string to) =>
        Assert.NotNull(LayerRules.Violation(from, to));

    /// <summary>A type of a lower layer that shows through an allowed layer's surface makes a compiled reference without a
    /// project reference; what counts is that it lies below.</summary>
    private static string? TransitiveViolation(string from, string to) =>
        IsBelow(from, to) ? null : $"{from} uses {to}";

    private static bool IsBelow(string from, string to) =>
        LayerRules.Allowed[from].Any(next => next == to || IsBelow(next, to));

    /// <summary>The built assembly in the configuration of this test run, if its project exists.</summary>
    private static string? FindAssembly(string project)
    {
        if (!Repository.Projects.ContainsKey(project))
        {
            return null;
        }

        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var path = Path.Combine(Repository.Root, "artifacts", "bin", project, configuration, project + ".dll");
        return File.Exists(path) ? path : null;
    }

    private static IEnumerable<string> AssemblyReferences(string path)
    {
        using var reader = new PEReader(File.OpenRead(path));
        var metadata = reader.GetMetadataReader();
        return metadata.AssemblyReferences
            .Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))
            .ToList();
    }
}

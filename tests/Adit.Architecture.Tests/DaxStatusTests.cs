using System.Text.RegularExpressions;

namespace Adit.Architecture.Tests;

/// <summary>docs/DAX-STATUS.md and docs/DAX-RECIPES.md name tests: they exist.</summary>
public sealed partial class DaxStatusTests
{
    private const int FewestRecipes = 60;

    private static readonly string Sources = string.Concat(Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
        .Select(File.ReadAllText));

    [Theory]
    [InlineData("DAX-STATUS.md", 50)]
    [InlineData("DAX-RECIPES.md", FewestRecipes)]
    public void Tests_that_the_document_names_exist(string name, int atLeast)
    {
        List<string> missing = [];
        int named = 0;
        foreach (Match match in TestName().Matches(Read(name)))
        {
            string type = match.Groups[1].Value;
            string method = match.Groups[2].Value;
            named++;
            if (!Sources.Contains($"class {type}", StringComparison.Ordinal)
                || (method != "*" && !Sources.Contains($" {method}(", StringComparison.Ordinal)))
            {
                missing.Add(match.Value);
            }
        }

        Assert.True(named > atLeast, $"only {named} tests are named");
        Assert.Empty(missing);
    }

    [Fact]
    public void Each_recipe_has_a_row_of_its_own_with_a_test_and_what_it_would_show()
    {
        string[] rows = [.. Read("DAX-RECIPES.md").Split('\n').Where(line => line.StartsWith("| B-", StringComparison.Ordinal))];
        string[] ids = [.. rows.Select(row => row.Split('|')[1].Trim())];
        Assert.True(rows.Length >= FewestRecipes, $"only {rows.Length} recipes");
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^B-[HO][0-9]+$", id));
        Assert.All(rows, row => Assert.Matches(TestName(), row.Split('|')[2]));
        Assert.All(rows, row => Assert.NotEmpty(row.Split('|')[3].Trim()));
    }

    [Fact]
    public void Each_recipe_that_is_a_race_is_one_of_the_races()
    {
        string[] races = [.. Read("DAX-RECIPES.md").Split('\n').Where(line => line.Contains("| race:", StringComparison.Ordinal))];
        Assert.True(races.Length > 10);
        foreach (string row in races)
        {
            string id = row.Split('|')[1].Trim()[2..];
            Assert.True(Sources.Contains($"[\"{id} ", StringComparison.Ordinal), $"no race begins with {id}");
        }
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Repository.Root, "docs", name));

    [GeneratedRegex(@"`(\w+Tests)\.(\w+|\*)`")]
    private static partial Regex TestName();
}

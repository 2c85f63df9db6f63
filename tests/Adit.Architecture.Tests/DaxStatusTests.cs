using System.Text.RegularExpressions;

namespace Adit.Architecture.Tests;

/// <summary>docs/DAX-STATUS.md names tests: they exist.</summary>
public sealed partial class DaxStatusTests
{
    [Fact]
    public void Tests_that_the_status_names_exist()
    {
        string status = File.ReadAllText(Path.Combine(Repository.Root, "docs", "DAX-STATUS.md"));
        string sources = string.Concat(Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText));
        List<string> missing = [];
        int named = 0;
        foreach (Match match in TestName().Matches(status))
        {
            string type = match.Groups[1].Value;
            string method = match.Groups[2].Value;
            named++;
            if (!sources.Contains($"class {type}", StringComparison.Ordinal)
                || (method != "*" && !sources.Contains($" {method}(", StringComparison.Ordinal)))
            {
                missing.Add(match.Value);
            }
        }

        Assert.True(named > 50, $"only {named} tests are named");
        Assert.Empty(missing);
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+|\*)`")]
    private static partial Regex TestName();
}

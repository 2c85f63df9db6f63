using System.Text.RegularExpressions;
using Adit.TestKit;

namespace Adit.Tests.Access;

/// <summary>docs/MATURITY.md and the library say the same of each feature.</summary>
public sealed partial class MaturityTests
{
    [Fact]
    public void Every_feature_has_the_label_that_the_document_gives_it()
    {
        string text = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "MATURITY.md"));
        string[] documented = [.. Row().Matches(text).Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}")];
        string[] actual = [.. VolumeFeatures.All.Select(feature => $"{feature.Name} {(feature.Maturity == FeatureMaturity.Stable ? "stable" : "preview")}")];
        Assert.Equal(actual, documented);
    }

    [GeneratedRegex(@"^\| `([\w-]+)` \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}

using Adit.TestKit.Crash;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Crash;

public sealed class StoreCrashTests(ITestOutputHelper output)
{
    [Fact]
    public void Store_loses_power_at_random_moments_and_keeps_a_prefix()
    {
        CrashCampaignResult result = CrashCampaign.Run(new CrashCampaignOptions
        {
            Seed = int.Parse(Environment.GetEnvironmentVariable("ADIT_SEED") ?? "1", null),
            Images = long.Parse(Environment.GetEnvironmentVariable("ADIT_IMAGES") ?? "3000", null),
            Minutes = 0.5,
            Layers = CrashLayers.Store,
        });
        output.WriteLine($"{result.Images} images in {result.Sessions} sessions, {result.ImagesPerSecond:f0} a second");
        output.WriteLine(string.Join('\n', result.Dangers));
        Assert.True(result.Violations.Count == 0, string.Join("\n\n", result.Violations.Select(violation => $"{violation.ReplayCommand}, image {violation.Image}: {violation.Description}")));
        Assert.False(result.IsInconclusive);
    }
}

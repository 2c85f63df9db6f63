using Adit.TestKit.Crash;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Crash;

/// <summary>Power fails under the store. The campaigns end by themselves after a time that no working engine needs.</summary>
public sealed class StoreCrashTests(ITestOutputHelper output)
{
    [Fact]
    public void Store_that_loses_power_keeps_a_prefix_with_all_that_was_acknowledged() =>
        FindsNothing(new CrashCampaignOptions { Seed = 1, Images = 4_000, Minutes = 1, Layers = CrashLayers.Store });

    [Fact]
    [Trait("Tier", "long")]
    public void Store_that_loses_power_a_hundred_thousand_times_keeps_a_prefix() =>
        FindsNothing(new CrashCampaignOptions { Seed = 100_000, Images = 100_000, Minutes = 10, Threads = 2, Layers = CrashLayers.Store });

    private void FindsNothing(CrashCampaignOptions options)
    {
        CrashCampaignResult result = CrashCampaign.Run(options);
        string report = CrashReport.Describe(result);
        output.WriteLine(report);
        Assert.True(result.Violations.Count == 0, report);
        Assert.False(result.IsInconclusive, report);
    }
}

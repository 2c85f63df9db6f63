using Adit.TestKit.Crash;
using Adit.TestKit.Crash.Files;
using Adit.TestKit.Simulation;
using Xunit.Abstractions;

namespace Adit.Tests.Crash;

/// <summary>Power fails under files and directories. The campaigns end by themselves after a time that no working volume needs.</summary>
public sealed class FileCrashTests(ITestOutputHelper output)
{
    [Fact]
    public void Files_that_lose_power_are_as_after_a_prefix_with_all_that_was_acknowledged() =>
        FindsNothing(new CrashCampaignOptions { Seed = 1, Images = 2_000, Minutes = 1, Layers = CrashLayers.Files }, needsAllDangers: true);

    [Fact]
    public void Short_sequences_that_lose_power_are_as_after_a_prefix() =>
        FindsNothing(
            new CrashCampaignOptions
            {
                Seed = 1,
                Images = 1_500,
                Minutes = 1,
                Layers = CrashLayers.Systematic,
                AimSession = session => session with { FenceProbability = 0.5, ImagesPerPoint = 1 },
            },
            needsAllDangers: false);

    [Theory]
    [InlineData(DurabilityModel.CacheLine)]
    [InlineData(DurabilityModel.Page)]
    public void Files_with_checksums_that_lose_power_have_them_of_what_is_there(DurabilityModel model) =>
        FindsNothing(
            new CrashCampaignOptions
            {
                Seed = 1,
                Images = 700,
                Minutes = 1,
                Layers = CrashLayers.Files,
                AimFiles = AimedScripts.PrivateFiles,
                AimSession = session => session with { Model = model, FenceProbability = 0.5 },
            },
            needsAllDangers: false);

    [Theory]
    [InlineData(DurabilityModel.CacheLine, true)]
    [InlineData(DurabilityModel.Page, true)]
    [InlineData(DurabilityModel.CacheLine, false)]
    [InlineData(DurabilityModel.Page, false)]
    public void Usage_of_owners_is_right_after_every_loss_of_power(DurabilityModel model, bool switches) =>
        FindsNothing(
            new CrashCampaignOptions
            {
                Seed = 1,
                Images = 500,
                Minutes = 1,
                Layers = CrashLayers.Files,
                AimFiles = switches ? AimedScripts.QuotaSwitches : AimedScripts.OwnersAtWork,
                AimSession = session => session with { Model = model, FenceProbability = 0.6 },
            },
            needsAllDangers: false);

    [Theory]
    [InlineData(nameof(AimedScripts.PrivateOverwrites))]
    [InlineData(nameof(AimedScripts.ZeroedEnds))]
    [InlineData(nameof(AimedScripts.CheckpointsOfNothing))]
    [InlineData(nameof(AimedScripts.WritesIntoZeroedRanges))]
    [InlineData(nameof(AimedScripts.RegrownEnds))]
    public void Changes_in_place_that_lose_power_are_old_or_new_by_words(string script) =>
        FindsNothing(
            new CrashCampaignOptions
            {
                Seed = 1,
                Images = 400,
                Minutes = 1,
                Layers = CrashLayers.Files,
                AimFiles = script switch
                {
                    nameof(AimedScripts.PrivateOverwrites) => AimedScripts.PrivateOverwrites,
                    nameof(AimedScripts.ZeroedEnds) => AimedScripts.ZeroedEnds,
                    nameof(AimedScripts.CheckpointsOfNothing) => AimedScripts.CheckpointsOfNothing,
                    nameof(AimedScripts.WritesIntoZeroedRanges) => AimedScripts.WritesIntoZeroedRanges,
                    _ => AimedScripts.RegrownEnds,
                },
                AimSession = session => session with { Model = DurabilityModel.Page, FenceProbability = 0.8, StoreProbability = 0.3 },
            },
            needsAllDangers: false);

    [Fact]
    [Trait("Tier", "long")]
    public void Files_that_lose_power_a_hundred_thousand_times_are_as_after_a_prefix() =>
        FindsNothing(
            new CrashCampaignOptions { Seed = 100_000, Images = 100_000, Minutes = 15, Threads = 2, Layers = CrashLayers.Files },
            needsAllDangers: true);

    [Fact]
    [Trait("Tier", "long")]
    public void All_sequences_of_up_to_three_operations_that_lose_power_are_as_after_a_prefix() =>
        FindsNothing(
            new CrashCampaignOptions { Seed = 200_000, SequenceCount = SystematicSequences.Total, Images = long.MaxValue, Threads = 2 },
            needsAllDangers: true);

    private void FindsNothing(CrashCampaignOptions options, bool needsAllDangers)
    {
        CrashCampaignResult result = CrashCampaign.Run(options);
        string report = CrashReport.Describe(result);
        output.WriteLine(report);
        Assert.True(result.Violations.Count == 0, report);
        Assert.True(result.Dangers[CrashDanger.Undecided] > 0 && result.Dangers[CrashDanger.InRecovery] > 0, report);
        Assert.False(needsAllDangers && result.IsInconclusive, report);
    }
}

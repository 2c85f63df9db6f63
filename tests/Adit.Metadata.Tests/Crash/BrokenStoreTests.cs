using Adit.TestKit.Crash;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Crash;

/// <summary>The proof that the campaign sees: every deliberate defect is caught, and the same work without it is not.</summary>
public sealed class BrokenStoreTests(ITestOutputHelper output)
{
    private const long ControlImages = 400;

    public static TheoryData<BrokenVariant> Variants => [.. BrokenVariantCatalogue.OfStore];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Broken_store_is_caught_and_the_sound_one_is_not(BrokenVariant variant)
    {
        CrashCampaignOptions campaign = BrokenVariantCatalogue.CampaignFor(variant);
        CrashCampaignResult broken = CrashCampaign.Run(campaign with { Minutes = 2 });
        output.WriteLine(CrashReport.Describe(broken));
        Assert.True(broken.Violations.Count > 0, $"{variant} was not caught:\n{CrashReport.Describe(broken)}");

        CrashCampaignResult sound = CrashCampaign.Run(campaign with { Broken = BrokenVariant.None, Images = Math.Min(ControlImages, broken.Images), Minutes = 2 });
        Assert.True(sound.Violations.Count == 0, CrashReport.Describe(sound));
    }
}

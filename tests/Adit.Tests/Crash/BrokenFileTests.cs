using Adit.Metadata;
using Adit.TestKit.Crash;
using Xunit.Abstractions;

namespace Adit.Tests.Crash;

/// <summary>The proof that the campaign sees: every deliberate defect of files and directories is caught, and the same work
/// without it is not.</summary>
public sealed class BrokenFileTests(ITestOutputHelper output)
{
    private const long ControlImages = 300;

    public static TheoryData<BrokenVariant> Variants => [.. BrokenVariantCatalogue.OfFiles];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Broken_volume_is_caught_and_the_sound_one_is_not(BrokenVariant variant)
    {
        CrashCampaignOptions campaign = BrokenVariantCatalogue.CampaignFor(variant);
        CrashCampaignResult broken = CrashCampaign.Run(campaign with { Minutes = 2 });
        output.WriteLine(CrashReport.Describe(broken));
        Assert.True(broken.Violations.Count > 0, $"{variant} was not caught:\n{CrashReport.Describe(broken)}");

        CrashCampaignResult sound = CrashCampaign.Run(campaign with { Broken = BrokenVariant.None, Images = Math.Min(ControlImages, broken.Images), Minutes = 2 });
        Assert.True(sound.Violations.Count == 0, CrashReport.Describe(sound));
    }

    [Fact]
    public void Each_deliberate_defect_is_in_the_catalogue()
    {
        IEnumerable<BrokenVariant> known = BrokenVariantCatalogue.OfStore.Concat(BrokenVariantCatalogue.OfFiles);
        Assert.Equal(
            Enum.GetValues<BrokenVariant>().Where(variant => variant != BrokenVariant.None).Order(),
            known.Order());
    }
}

using System.Globalization;
using System.Text;

namespace Adit.TestKit.Crash;

/// <summary>A campaign's result in words.</summary>
public static class CrashReport
{
    public static string Describe(CrashCampaignResult result)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{result.Images} images of {result.Sessions} volumes, {result.ImagesPerSecond:f0} a second, {result.Violations.Count} violations");
        if (!result.IsComplete)
        {
            text.AppendLine("  NOT ALL SEQUENCES WERE RUN");
        }

        foreach ((CrashDanger danger, long count) in result.Dangers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {danger}: {count}{(count == 0 ? "  NOT MET" : "")}");
        }

        foreach (CrashViolation violation in result.Violations)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"violation at image {violation.Image} of seed {violation.Seed}: {violation.ReplayCommand}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {violation.Description}");
        }

        return text.ToString();
    }
}

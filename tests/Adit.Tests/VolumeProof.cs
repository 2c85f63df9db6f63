using Adit.Checking;

namespace Adit.Tests;

/// <summary>Lets the checker prove that every block of a volume is owned once and every record fits the others.</summary>
public static class VolumeProof
{
    public static void Check(Volume volume)
    {
        CheckReport report = VolumeChecker.Check(volume.Store);
        Assert.True(report.IsSound, string.Join(Environment.NewLine, report.Findings));
    }
}

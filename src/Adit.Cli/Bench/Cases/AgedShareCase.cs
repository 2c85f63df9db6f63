namespace Adit.Cli.Bench.Cases;

/// <summary>How much of new large files huge pages can map on an old volume, beside the same on a fresh one.</summary>
internal sealed class AgedShareCase : BenchCase
{
    private const double AgedFullness = 0.75;
    private const int Turnovers = 6;

    public override string Name => "aged-huge-share";

    public override string Baseline => "fresh-volume";

    public override double Goal => 0.95;

    public override bool MoreIsBetter => true;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        var sizeBytes = isQuick ? 512L << 20 : 2L << 30;
        var newBytes = sizeBytes / 10;

        double fresh;
        using (var volume = folder.CreateVolume("fresh", sizeBytes))
        {
            fresh = LargeFiles.MeasureShare(volume, newBytes);
        }

        folder.Delete("fresh");

        double aged;
        string age;
        using (var volume = folder.CreateVolume("aged", sizeBytes))
        {
            var ageing = new VolumeAgeing(volume, seed: 5);
            ageing.Run(AgedFullness, Turnovers);
            age = FormattableString.Invariant(
                $"{ageing.Fullness:0.00} full, {ageing.TurnoverCount:0.0} turnovers, {ageing.FilesMade} files made");
            aged = LargeFiles.MeasureShare(volume, newBytes);
        }

        folder.Delete("aged");
        return Result(
            null, null, aged / fresh,
            detail: FormattableString.Invariant($"aged {aged:0.000}, fresh {fresh:0.000}; {age}"));
    }
}

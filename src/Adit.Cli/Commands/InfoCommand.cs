using System.CommandLine;
using System.Globalization;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Spectre.Console;

namespace Adit.Cli.Commands;

/// <summary>Shows what is known about a volume.</summary>
internal sealed class InfoCommand : VolumeCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Volume file, device or mount point" };

    public InfoCommand()
        : base("info", "Show sizes, features, medium and state of a volume") => Arguments.Add(_volume);

    public override string[] Examples => ["adit info pool.adit", "adit info pool/mnt --json"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        using var inspector = VolumeAccess.Inspect(VolumeOperand.Volume(arguments.GetRequiredValue(_volume)));
        var report = inspector.GetInformation();
        if (output.IsText)
        {
            output.Render(Table(report));
        }
        else
        {
            output.Document(report, ReportJson.Default.VolumeReport);
        }

        return ExitCode.Done;
    }

    private static Grid Table(VolumeReport report)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn().NoWrap());
        void Row(string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));

        Row("volume", report.Label.Length == 0 ? report.Name : $"{report.Name} ({report.Label})");
        Row("id", report.VolumeId.ToString());
        Row("size", $"{Sizes.Format(report.SizeBytes)}, {Sizes.Format(report.CapacityBytes)} for files");
        Row("used", $"{Sizes.Format(report.UsedBytes)} ({Sizes.Percent((double)report.UsedBytes / Math.Max(1, report.CapacityBytes))}), {Sizes.Format(report.FreeBytes)} free");
        Row("medium", $"{report.Medium}{(report.IsPersistent ? "" : ", forgets at power loss")}; MAP_SYNC {YesNo(report.MapSync)}, huge pages {YesNo(report.HugePages)}");
        Row("durability", report.CommitsAreDurable ? "every operation is durable when it returns" : "within a second, or at fsync");
        Row("access", report.IsReadOnly ? "read-only" : "read and write");
        Row("owner", report.OwnerPid is { } pid ? $"process {pid}, mounted at {report.MountedAt}" : "none");
        if (report.Server is { } server)
        {
            if (server.Options is { } options)
            {
                Row("options", options);
            }

            Row("server", FormattableString.Invariant(
                $"{server.TotalRequestCount:n0} requests served; {server.OpenFileCount:n0} files open, {server.KnownInodeCount:n0} inodes known to the kernel; ") + (server.HasSuccessor
                ? FormattableString.Invariant($"another goes on if it dies, {server.TakeOverCount:n0} did so far")
                : "the mount ends if it dies"));
        }

        Row("created", Time(report.Created));
        Row("last clean close", report.LastCleanClose is { } closed ? Time(closed) : "never");
        Row("this opening", report.WasClean ? "clean" : $"recovered {report.RecoveredRecords} records of the log");
        Row("log", $"{Sizes.Format(report.LogUsedBytes)} of {Sizes.Format(report.LogBytes)} in use; epoch {report.Epoch}");
        Row("format", $"version {report.FormatVersion}");
        Row("dax", $"dax={report.Dax}{(report.RefusesPreviews ? ", previews are refused" : "")}");
        Row("features", report.Features.Count == 0 ? "none" : string.Join(", ", report.Features.Select(feature => $"{feature.Name} ({feature.Maturity})")));
        if (report.ChecksumErrors != 0)
        {
            Row("bad blocks", $"{report.ChecksumErrors} reads met bytes that are not what was written; adit fsck of the unmounted volume names them");
        }

        if (report.Failure is not null)
        {
            Row("FAILED", report.Failure);
        }

        return grid;
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}

using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Spectre.Console;

namespace Adit.Cli.Commands;

/// <summary>Shows what is known about a file in a volume.</summary>
internal sealed class StatCommand : VolumeCommand
{
    private const int ExtentsShown = 40;

    private readonly Argument<string> _file = new("VOLUME:/path") { Description = "A file in a volume, or in a mounted one" };

    public StatCommand()
        : base("stat", "Show inode, times, extents and DAX state of a file") => Arguments.Add(_file);

    public override string[] Examples => ["adit stat pool.adit:/models/weights.bin", "adit stat pool/mnt/models/weights.bin --json"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var operand = VolumeOperand.FileOrVolume(arguments.GetRequiredValue(_file));
        using var inspector = VolumeAccess.Inspect(operand);
        var report = inspector.GetNode(operand.InnerPath);
        if (!output.IsText)
        {
            output.Document(report, ReportJson.Default.NodeReport);
            return ExitCode.Done;
        }

        output.Render(Table(report));
        foreach (var extent in report.Extents.Take(ExtentsShown))
        {
            output.Line($"  {extent.Offset,14} + {Sizes.Format(extent.Length),-9} at {extent.Address,14}{(extent.Unwritten ? "  unwritten" : "")}{(extent.Shared ? "  shared" : "")}");
        }

        if (report.Extents.Count > ExtentsShown)
        {
            output.Line($"  and {report.Extents.Count - ExtentsShown} more; all of them with --json");
        }

        return ExitCode.Done;
    }

    private static Grid Table(NodeReport report)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn().NoWrap());
        void Row(string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));

        Row("path", report.Target is null ? report.Path : $"{report.Path} -> {report.Target}");
        Row("type", $"{report.Type}, inode {report.Inode}, {report.Links} link{(report.Links == 1 ? "" : "s")}");
        Row("mode", $"{report.Mode}, user {report.Uid}, group {report.Gid}");
        Row("flags", $"{(report.Flags.Length == 0 ? "none" : report.Flags)}, project {report.Project}");
        Row("size", $"{report.Size} bytes, {Sizes.Format(report.AllocatedBytes)} allocated");
        Row("accessed", report.Accessed);
        Row("modified", report.Modified);
        Row("changed", report.Changed);
        Row("born", report.Born);
        if (report.DaxState is not null)
        {
            Row("dax", $"flag {(report.DaxFlag ? "set" : "not set")}, {report.DaxState}: {report.DaxReason}{(report.Checksums ? "; blocks have checksums" : "")}");
            if (report.DaxPending is not null)
            {
                Row("dax, next", $"{report.DaxNextState}: {report.DaxPending}");
            }

            Row("huge", report.HugeShare is { } share ? $"{Sizes.Percent(share)} of its whole 2 MiB ranges" : "no whole 2 MiB range");
        }

        Row("extents", report.Extents.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return grid;
    }
}

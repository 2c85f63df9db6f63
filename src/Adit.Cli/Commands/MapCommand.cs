using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Maps;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Format;

namespace Adit.Cli.Commands;

/// <summary>Shows what the chunks of a volume are used for.</summary>
internal sealed class MapCommand : VolumeCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Volume file, device or mount point" };
    private readonly Option<string> _png = new("--png") { Description = "Write a picture to FILE", HelpName = "FILE" };

    public MapCommand()
        : base("map", "Show what a volume's space is used for, as a picture")
    {
        Arguments.Add(_volume);
        Options.Add(_png);
    }

    public override string[] Examples => ["adit map pool.adit", "adit map pool.adit --png pool.png"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        using var inspector = VolumeAccess.Inspect(VolumeOperand.Volume(arguments.GetRequiredValue(_volume)));
        var map = inspector.GetMap();
        if (arguments.GetValue(_png) is { } file)
        {
            using (var stream = new FileStream(file, FileMode.Create, FileAccess.Write))
            {
                PngWriter.Write(MapPicture.Draw(map), stream);
            }

            output.Message($"wrote {file}");
        }
        else if (output.IsText)
        {
            output.Render(MapText.Make(map, CommandOutput.IsOutputTerminal ? Console.WindowWidth : 80, CommandOutput.IsOutputTerminal));
        }

        if (!output.IsText)
        {
            output.Document(Report(map), ReportJson.Default.MapReport);
        }

        return ExitCode.Done;
    }

    private static MapReport Report(VolumeMap map)
    {
        var runs = new List<MapRunReport>();
        for (var chunk = 0; chunk < map.ChunkCount;)
        {
            var first = chunk;
            long taken = 0;
            for (; chunk < map.ChunkCount && map.KindOf(chunk) == map.KindOf(first); chunk++)
            {
                taken += map.TakenOf(chunk);
            }

            runs.Add(new MapRunReport(first, chunk - first, NameOf(map.KindOf(first)), taken));
        }

        var totals = map.Totals;
        return new MapReport(
            map.Name, map.Label, map.Medium, map.SizeBytes, Geometry.ChunkSize, map.ChunkCount, totals.Huge, totals.Small, totals.Nodes,
            totals.Log, totals.Fixed, totals.Free, totals.FreeWholeChunks, totals.Files, totals.Extents, map.FreeBytesByRun, runs);
    }

    private static string NameOf(ChunkKind kind) => kind switch
    {
        ChunkKind.Small => "small",
        ChunkKind.Huge => "huge",
        ChunkKind.Nodes => "nodes",
        ChunkKind.Log => "log",
        ChunkKind.Fixed => "fixed",
        _ => "free",
    };
}

using Adit.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Adit.Cli.Maps;

/// <summary>A map as lines of text: a coloured block for each few chunks, or a letter where there are no colours.</summary>
internal static class MapText
{
    private const int MaxLines = 24;

    public static IRenderable Make(VolumeMap map, int width, bool hasColors)
    {
        var columns = Math.Clamp(width - 2, 16, 160);
        var perCell = Math.Max(1, (map.ChunkCount + (columns * MaxLines) - 1) / (columns * MaxLines));
        var lines = new List<IRenderable>();
        var line = new Paragraph();
        var inLine = 0;
        for (var chunk = 0; chunk < map.ChunkCount; chunk += perCell)
        {
            var kind = Foremost(map, chunk, Math.Min(chunk + perCell, map.ChunkCount), out var fullness);
            line.Append(
                hasColors ? Shade(fullness) : MapColors.Letter(kind).ToString(),
                hasColors ? new Style(ToColor(MapColors.Of(kind == ChunkKind.Free ? ChunkKind.Free : kind))) : Style.Plain);
            if (++inLine == columns)
            {
                lines.Add(line);
                line = new Paragraph();
                inLine = 0;
            }
        }

        if (inLine > 0)
        {
            lines.Add(line);
        }

        lines.Add(new Text(""));
        lines.Add(new Text(perCell == 1 ? "one sign: a chunk of 2 MiB" : $"one sign: {perCell} chunks of 2 MiB"));
        var legend = MapColors.Legend(map);
        var all = legend.Sum(entry => entry.Bytes);
        foreach (var entry in legend)
        {
            var text = new Paragraph();
            text.Append(hasColors ? "██ " : $" {MapColors.Letter(entry.Kind)} ", new Style(ToColor(MapColors.Of(entry.Kind))));
            text.Append(entry.Text(all));
            lines.Add(text);
        }

        var totals = map.Totals;
        if (totals.Free > 0)
        {
            lines.Add(new Text($"{Sizes.Percent((double)totals.FreeWholeChunks / totals.Free)} of what is free is in whole chunks, ready for huge pages"));
        }

        return new Rows(lines);
    }

    /// <summary>The kind that most blocks of a few chunks belong to.</summary>
    private static ChunkKind Foremost(VolumeMap map, int first, int end, out double fullness)
    {
        Span<int> weight = stackalloc int[6];
        var taken = 0;
        for (var chunk = first; chunk < end; chunk++)
        {
            taken += map.TakenOf(chunk);
            weight[(int)map.KindOf(chunk)] += Math.Max(1, map.TakenOf(chunk));
        }

        var foremost = ChunkKind.Free;
        for (var kind = 1; kind < weight.Length; kind++)
        {
            if (weight[kind] > 0 && (foremost == ChunkKind.Free || weight[kind] > weight[(int)foremost]))
            {
                foremost = (ChunkKind)kind;
            }
        }

        fullness = taken / (512.0 * (end - first));
        return foremost;
    }

    private static string Shade(double fullness) => fullness switch
    {
        0 => "░",
        < 0.35 => "▒",
        < 0.75 => "▓",
        _ => "█",
    };

    private static Color ToColor(Rgb color) => new(color.Red, color.Green, color.Blue);
}

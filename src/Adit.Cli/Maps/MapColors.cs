using Adit.Cli.Output;

namespace Adit.Cli.Maps;

/// <summary>How a map shows each kind of chunk.</summary>
internal static class MapColors
{
    public static Rgb Background => Rgb.Of(0x0E1117);

    public static Rgb Panel => Rgb.Of(0x161B24);

    public static Rgb Heading => Rgb.Of(0xE6EDF3);

    public static Rgb Caption => Rgb.Of(0x8B96A5);

    public static Rgb Of(ChunkKind kind) => Rgb.Of(kind switch
    {
        ChunkKind.Small => 0x3FA0E8,
        ChunkKind.Huge => 0x5FD38Bu,
        ChunkKind.Nodes => 0xF0A24E,
        ChunkKind.Log => 0xC47BE4,
        ChunkKind.Fixed => 0x9AA4B5,
        _ => 0x262E3B,
    });

    /// <summary>The letter where there are no colours.</summary>
    public static char Letter(ChunkKind kind) => kind switch
    {
        ChunkKind.Small => 's',
        ChunkKind.Huge => 'H',
        ChunkKind.Nodes => 'n',
        ChunkKind.Log => 'L',
        ChunkKind.Fixed => 'F',
        _ => '.',
    };

    /// <summary>The lines of the legend, in the order of the bar.</summary>
    public static IReadOnlyList<LegendEntry> Legend(VolumeMap map) =>
    [
        new(ChunkKind.Huge, "huge data", map.Totals.Huge),
        new(ChunkKind.Small, "small data", map.Totals.Small),
        new(ChunkKind.Nodes, "tree nodes", map.Totals.Nodes),
        new(ChunkKind.Log, "log", map.Totals.Log),
        new(ChunkKind.Fixed, "fixed", map.Totals.Fixed),
        new(ChunkKind.Free, "free", map.Totals.Free),
    ];

    /// <summary>One kind with its bytes.</summary>
    internal readonly record struct LegendEntry(ChunkKind Kind, string Name, long Bytes)
    {
        public string Text(long ofBytes) => $"{Name} {Sizes.Format(Bytes)}, {Sizes.Percent((double)Bytes / Math.Max(1, ofBytes))}";
    }
}

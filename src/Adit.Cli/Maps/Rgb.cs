using System.Globalization;

namespace Adit.Cli.Maps;

/// <summary>A colour of a picture.</summary>
internal readonly record struct Rgb(byte Red, byte Green, byte Blue)
{
    public static Rgb Of(uint value) => new((byte)(value >> 16), (byte)(value >> 8), (byte)value);

    /// <summary>A colour between two: 0 is the first, 1 the second.</summary>
    public static Rgb Mix(Rgb first, Rgb second, double share) => new(
        Blend(first.Red, second.Red, share), Blend(first.Green, second.Green, share), Blend(first.Blue, second.Blue, share));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"#{Red:x2}{Green:x2}{Blue:x2}");

    private static byte Blend(byte first, byte second, double share) => (byte)Math.Round(first + ((second - first) * share));
}

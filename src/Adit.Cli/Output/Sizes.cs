using System.Globalization;

namespace Adit.Cli.Output;

/// <summary>Sizes as people write and read them, in powers of 1024.</summary>
internal static class Sizes
{
    private const string Units = "KMGTP";

    /// <summary>Reads <c>4G</c>, <c>512M</c>, <c>1.5GiB</c> or a number of bytes.</summary>
    /// <returns>False for anything else, and for what is negative or above 2⁶³.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var rest = text.AsSpan().Trim();
        foreach (var suffix in (ReadOnlySpan<string>)["iB", "ib", "B", "b"])
        {
            if (rest.EndsWith(suffix, StringComparison.Ordinal))
            {
                rest = rest[..^suffix.Length];
                break;
            }
        }

        var factor = 1.0;
        if (rest.Length > 0 && Units.IndexOf(char.ToUpperInvariant(rest[^1])) is >= 0 and var power)
        {
            factor = Math.Pow(1024, power + 1);
            rest = rest[..^1];
        }

        if (!double.TryParse(rest, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || !(number * factor < long.MaxValue))
        {
            return false;
        }

        bytes = (long)(number * factor);
        return true;
    }

    /// <summary>Three significant digits: <c>1.50 GiB</c>.</summary>
    public static string Format(long bytes)
    {
        if (bytes < 1024)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        }

        var value = bytes / 1024.0;
        var unit = 0;
        while (value >= 1023.5 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        var digits = value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0";
        return $"{value.ToString(digits, CultureInfo.InvariantCulture)} {Units[unit]}iB";
    }

    public static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}

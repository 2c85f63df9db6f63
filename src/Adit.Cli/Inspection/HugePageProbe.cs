using System.Globalization;
using Adit.Media;

namespace Adit.Cli.Inspection;

/// <summary>Asks the kernel whether a medium's mapping can hold 2 MiB pages.</summary>
internal static class HugePageProbe
{
    /// <summary>What <c>THPeligible</c> of <c>/proc/self/smaps</c> says about the mapping that the medium starts in.</summary>
    public static unsafe bool CanHoldHugePages(Medium medium)
    {
        var wanted = (ulong)medium.Start;
        var isInside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (TryParseRange(line, out var first, out var end))
            {
                isInside = first <= wanted && wanted < end;
            }
            else if (isInside && line.StartsWith("THPeligible:", StringComparison.Ordinal))
            {
                return line.AsSpan(12).Trim() is "1";
            }
        }

        return false;
    }

    /// <summary>Reads the first line of a mapping: <c>7f00-7f10 rw-s ...</c>.</summary>
    private static bool TryParseRange(string line, out ulong first, out ulong end)
    {
        first = end = 0;
        var dash = line.IndexOf('-', StringComparison.Ordinal);
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        return dash > 0 && blank > dash
            && ulong.TryParse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out first)
            && ulong.TryParse(line.AsSpan(dash + 1, blank - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out end);
    }
}

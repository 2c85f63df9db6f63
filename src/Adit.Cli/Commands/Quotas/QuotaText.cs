using System.Globalization;
using Adit.Cli.Output;
using Adit.Cli.Reports;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Quotas for people: a line for each owner, with bars of how much of a limit is used.</summary>
internal static class QuotaText
{
    private const int BarWidth = 10;

    public static void Show(QuotaReport report, CommandOutput output)
    {
        switch (report.State)
        {
            case "off":
                output.Line("quotas are off; turn them on with: adit quota on VOLUME");
                return;
            case "counting":
                output.Line($"quotas are being counted, {Sizes.Percent(report.CountedShare)} so far; limits do not bind yet");
                break;
        }

        if (report.Entries.Count == 0)
        {
            output.Line("nobody has anything, and nobody is limited");
            return;
        }

        var rows = new List<string[]> { (string[])["OWNER", "BYTES", "SOFT", "HARD", "", "GRACE", "INODES", "SOFT", "HARD", "", "GRACE"] };
        rows.AddRange(report.Entries.Select(Row));
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            output.Line(string.Join("  ", row.Select((cell, column) => column is 0 or 4 or 9 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        }
    }

    /// <summary>How much is used of a limit: ten places, and more than all of it is told by a sign.</summary>
    internal static string Bar(long used, long soft, long hard)
    {
        var limit = hard != 0 ? hard : soft;
        if (limit == 0)
        {
            return "";
        }

        var share = (double)used / limit;
        var full = Math.Clamp((int)Math.Floor(share * BarWidth), used > 0 ? 1 : 0, BarWidth);
        return $"[{new string('#', full)}{new string('.', BarWidth - full)}] {Math.Floor(share * 100).ToString("0", CultureInfo.InvariantCulture),3} %{(soft != 0 && used > soft ? " !" : "")}";
    }

    /// <summary>How long usage may stay above a soft limit.</summary>
    internal static string Grace(DateTimeOffset? deadline, DateTimeOffset now)
    {
        if (deadline is not { } end)
        {
            return "-";
        }

        var left = end - now;
        return left <= TimeSpan.Zero ? "over"
            : left.TotalDays >= 2 ? string.Create(CultureInfo.InvariantCulture, $"{(int)left.TotalDays} days")
            : left.TotalHours >= 2 ? string.Create(CultureInfo.InvariantCulture, $"{(int)left.TotalHours} h")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Ceiling(left.TotalMinutes)} min");
    }

    private static string[] Row(QuotaEntryReport entry)
    {
        var now = DateTimeOffset.UtcNow;
        return
        [
            $"{entry.Kind} {entry.Name ?? entry.Id.ToString(CultureInfo.InvariantCulture)}",
            Sizes.Format(entry.UsedBytes),
            Limit(entry.SoftBytes, Sizes.Format),
            Limit(entry.HardBytes, Sizes.Format),
            Bar(entry.UsedBytes, entry.SoftBytes, entry.HardBytes),
            Grace(entry.BytesDeadline, now),
            Number(entry.UsedInodes),
            Limit(entry.SoftInodes, Number),
            Limit(entry.HardInodes, Number),
            Bar(entry.UsedInodes, entry.SoftInodes, entry.HardInodes),
            Grace(entry.InodesDeadline, now),
        ];
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Limit(long limit, Func<long, string> format) => limit == 0 ? "-" : format(limit);
}

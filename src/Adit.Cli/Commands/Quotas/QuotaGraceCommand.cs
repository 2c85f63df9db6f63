using System.CommandLine;
using System.Globalization;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Format.Records;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Shows and sets how long usage may stay above soft limits.</summary>
internal sealed class QuotaGraceCommand : QuotaVerbCommand
{
    private readonly Option<string> _of = new("--of") { Description = "For users, groups or projects only (default: all three)" };
    private readonly Option<string> _bytes = new("--bytes") { Description = "For limits of bytes", HelpName = "7d" };
    private readonly Option<string> _inodes = new("--inodes") { Description = "For limits of inodes", HelpName = "12h" };

    public QuotaGraceCommand()
        : base("grace", "Show or set how long usage may stay above soft limits")
    {
        _of.AcceptOnlyFromAmong("users", "groups", "projects");
        AddVolume();
        Options.Add(_of);
        Options.Add(_bytes);
        Options.Add(_inodes);
    }

    public override string[] Examples => ["adit quota grace pool.adit", "adit quota grace pool.adit --of users --bytes 3d --inodes 12h"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var bytes = Seconds(arguments.GetValue(_bytes));
        var inodes = Seconds(arguments.GetValue(_inodes));
        QuotaKind? kind = arguments.GetValue(_of) switch
        {
            "users" => QuotaKind.User,
            "groups" => QuotaKind.Group,
            "projects" => QuotaKind.Project,
            _ => null,
        };
        var request = new QuotaRequest(bytes is null && inodes is null ? QuotaVerb.Report : QuotaVerb.Grace)
        {
            Kind = kind,
            BytesGraceSeconds = bytes,
            InodesGraceSeconds = inodes,
        };
        var report = Ask(arguments, request, output);
        if (!output.IsText)
        {
            Show(report, output);
            return ExitCode.Done;
        }

        foreach (var grace in report.Graces)
        {
            output.Line($"{grace.Kind}s: {Text(grace.BytesSeconds)} for bytes, {Text(grace.InodesSeconds)} for inodes");
        }

        return ExitCode.Done;
    }

    /// <summary>Reads <c>7d</c>, <c>12h</c>, <c>30m</c> or <c>90s</c>.</summary>
    internal static long? Seconds(string? text)
    {
        if (text is null)
        {
            return null;
        }

        long factor = text.Length == 0 ? 0 : text[^1] switch
        {
            'd' => 24 * 3600,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => 0,
        };
        return factor != 0 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 40_000 * 24L * 3600 / factor
            ? number * factor
            : throw CommandFailure.Usage($"'{text}' is not a time; write for example 7d, 12h, 30m or 90s");
    }

    private static string Text(long seconds) => seconds switch
    {
        0 => "none",
        _ when seconds % (24 * 3600) == 0 => $"{seconds / (24 * 3600)} d",
        _ when seconds % 3600 == 0 => $"{seconds / 3600} h",
        _ when seconds % 60 == 0 => $"{seconds / 60} min",
        _ => $"{seconds} s",
    };
}

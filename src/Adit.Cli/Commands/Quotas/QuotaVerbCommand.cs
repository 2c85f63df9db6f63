using System.CommandLine;
using System.Globalization;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Format.Records;
using Spectre.Console;

namespace Adit.Cli.Commands.Quotas;

/// <summary>What the commands about quotas share: the volume, whose quota it is, and how it is shown.</summary>
internal abstract class QuotaVerbCommand(string name, string description) : VolumeCommand(name, description)
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Volume file, device or mount point" };
    private readonly Option<string> _user = new("--user") { Description = "A user, by name or number", HelpName = "NAME|ID" };
    private readonly Option<string> _group = new("--group") { Description = "A group, by name or number", HelpName = "NAME|ID" };
    private readonly Option<string> _project = new("--project") { Description = "A project, by number", HelpName = "ID" };

    protected AccountNames Names { get; } = new();

    protected override string Title => $"quota {Name}";

    protected void AddVolume() => Arguments.Add(_volume);

    protected void AddOwners()
    {
        Options.Add(_user);
        Options.Add(_group);
        Options.Add(_project);
    }

    /// <summary>Whose quota is meant.</summary>
    /// <returns>The request, with kind and id where one was named.</returns>
    protected QuotaRequest Named(ParseResult arguments, QuotaRequest request, bool mustBeNamed)
    {
        (QuotaKind Kind, Option<string> Option)[] all = [(QuotaKind.User, _user), (QuotaKind.Group, _group), (QuotaKind.Project, _project)];
        var named = all.Where(one => arguments.GetValue(one.Option) is not null).ToList();
        if (named.Count > 1 || (named.Count == 0 && mustBeNamed))
        {
            throw CommandFailure.Usage($"write one of --user, --group and --project, for example: adit quota {Name} {arguments.GetValue(_volume)} --user alice");
        }

        return named.Count == 0
            ? request
            : request with { Kind = named[0].Kind, Id = Names.IdOf(named[0].Kind, arguments.GetValue(named[0].Option)!) };
    }

    /// <summary>Asks the volume's owner, or opens the volume.</summary>
    protected QuotaReport Ask(ParseResult arguments, QuotaRequest request, CommandOutput output)
    {
        var operand = VolumeOperand.Volume(arguments.GetRequiredValue(_volume));
        using var progress = new Progress(output);
        using var inspector = VolumeAccess.Inspect(operand, isReadOnly: request.Verb == QuotaVerb.Report);
        var report = inspector.Quota(request, progress);
        return report with { Entries = [.. report.Entries.Select(entry => entry with { Name = Names.NameOf(KindOf(entry), entry.Id) })] };
    }

    protected static void Show(QuotaReport report, CommandOutput output)
    {
        if (output.IsText)
        {
            QuotaText.Show(report, output);
        }
        else
        {
            output.Document(report, ReportJson.Default.QuotaReport);
        }
    }

    /// <summary>Reads a limit of bytes: a size, or <c>none</c>.</summary>
    protected static long? Bytes(string? text) => text switch
    {
        null => null,
        "none" => 0,
        _ when Sizes.TryParse(text, out var bytes) => bytes,
        _ => throw CommandFailure.Usage($"'{text}' is not a limit; write for example 512M, 4G, or none"),
    };

    /// <summary>Reads a limit of inodes: a number, or <c>none</c>.</summary>
    protected static long? Count(string? text) => text switch
    {
        null => null,
        "none" => 0,
        _ when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) => count,
        _ => throw CommandFailure.Usage($"'{text}' is not a limit; write for example 10000, or none"),
    };

    private static QuotaKind KindOf(QuotaEntryReport entry) => Enum.Parse<QuotaKind>(entry.Kind, ignoreCase: true);

    /// <summary>Shows how far a count is, where standard error is a terminal.</summary>
    private sealed class Progress(CommandOutput output) : ICheckListener, IDisposable
    {
        private bool _hasLine;

        void ICheckListener.Progress(FsckProgress progress)
        {
            if (CommandOutput.IsErrorTerminal)
            {
                output.Messages.Write(new ControlCode($"\r\u001b[2K{progress.Phase} {Sizes.Percent(progress.Share)}"));
                _hasLine = true;
            }
        }

        public void Finding(FindingReport finding)
        {
        }

        public void Action(string line)
        {
        }

        public void Dispose()
        {
            if (_hasLine)
            {
                output.Messages.Write(new ControlCode("\r\u001b[2K"));
            }
        }
    }
}

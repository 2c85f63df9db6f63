using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Inspection;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Spectre.Console;

namespace Adit.Cli.Commands;

/// <summary>Checks everything in a volume.</summary>
internal sealed class FsckCommand : VolumeCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Volume file, device or mount point" };
    private readonly Option<bool> _repair = new("--repair") { Description = "Mend what can be proven, move files without names to lost+found" };

    public FsckCommand()
        : base("fsck", "Check everything in a volume; exit code 3 when something is wrong")
    {
        Arguments.Add(_volume);
        Options.Add(_repair);
    }

    public override string[] Examples => ["adit fsck pool.adit", "adit fsck pool.adit --repair"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var operand = VolumeOperand.Volume(arguments.GetRequiredValue(_volume));
        var repair = arguments.GetValue(_repair);
        using var listener = new Listener(output);
        FsckReport report;
        using (var owner = OwnerClient.TryConnect(operand.VolumePath))
        {
            report = owner is not null
                ? owner.Check(repair, listener)
                : VolumeCheck.RunClosed(operand, repair, listener);
        }

        listener.Dispose();
        if (output.IsText)
        {
            output.Line(Summary(report));
        }
        else
        {
            output.Document(report with { Findings = listener.Findings, Actions = listener.Actions }, ReportJson.Default.FsckReport);
        }

        return report.Clean ? ExitCode.Done : ExitCode.Damaged;
    }

    private static string Summary(FsckReport report)
    {
        var state = !report.Clean ? $"DAMAGED, {report.Remaining} findings" : report.FindingCount > 0 ? $"repaired, {report.FindingCount} findings, clean now" : "clean";
        return FormattableString.Invariant(
            $"{report.Volume}: {state}; {report.Inodes} inodes, {report.Directories} directories, {report.Entries} entries; {report.Seconds:0.0} s");
    }

    /// <summary>Prints findings as lines, and progress where standard error is a terminal.</summary>
    private sealed class Listener : ICheckListener, IDisposable
    {
        private readonly CommandOutput _output;
        private readonly bool _isShown = CommandOutput.IsErrorTerminal;
        private bool _hasLine;

        public Listener(CommandOutput output) => _output = output;

        public List<FindingReport> Findings { get; } = [];

        public List<string> Actions { get; } = [];

        public void Progress(FsckProgress progress)
        {
            if (_isShown)
            {
                _output.Messages.Write(new ControlCode($"\r\u001b[2K{progress.Phase} {Sizes.Percent(progress.Share)}"));
                _hasLine = true;
            }
        }

        public void Finding(FindingReport finding)
        {
            ClearLine();
            if (_output.IsText)
            {
                _output.Line($"{finding.Kind} at {finding.Where}: expected {finding.Expected}, found {finding.Found}");
            }
            else
            {
                Findings.Add(finding);
            }
        }

        public void Action(string line)
        {
            ClearLine();
            if (_output.IsText)
            {
                _output.Line($"repair: {line}");
            }
            else
            {
                Actions.Add(line);
            }
        }

        public void Dispose() => ClearLine();

        private void ClearLine()
        {
            if (_hasLine)
            {
                _output.Messages.Write(new ControlCode("\r\u001b[2K"));
                _hasLine = false;
            }
        }
    }
}

using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Shows quotas, as <c>adit quota</c> does without another word.</summary>
internal sealed class QuotaReportCommand : QuotaVerbCommand
{
    public QuotaReportCommand()
        : base("report", "Show what users, groups and projects have and may have")
    {
        AddVolume();
        AddOwners();
    }

    public override string[] Examples => ["adit quota report /mnt/data --user alice --json"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        Show(Ask(arguments, Named(arguments, new QuotaRequest(QuotaVerb.Report), mustBeNamed: false), output), output);
        return ExitCode.Done;
    }
}

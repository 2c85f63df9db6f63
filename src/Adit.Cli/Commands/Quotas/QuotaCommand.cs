using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Quotas of users, groups and projects; without another word it shows them.</summary>
internal sealed class QuotaCommand : QuotaVerbCommand
{
    public QuotaCommand()
        : base("quota", "Show and set how much users, groups and projects may have")
    {
        AddVolume();
        AddOwners();
        Subcommands.Add(new QuotaReportCommand());
        Subcommands.Add(new QuotaSetCommand());
        Subcommands.Add(new QuotaOnCommand());
        Subcommands.Add(new QuotaOffCommand());
        Subcommands.Add(new QuotaGraceCommand());
    }

    public override string[] Examples =>
    [
        "adit quota on pool.adit",
        "adit quota set pool.adit --user alice --soft 4G --hard 5G --inodes-hard 100000",
        "adit quota grace pool.adit --bytes 3d",
        "adit quota pool.adit",
        "adit quota off pool.adit",
    ];

    protected override string Title => "quota";

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        Show(Ask(arguments, Named(arguments, new QuotaRequest(QuotaVerb.Report), mustBeNamed: false), output), output);
        return ExitCode.Done;
    }
}

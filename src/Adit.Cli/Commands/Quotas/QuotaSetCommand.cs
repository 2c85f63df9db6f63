using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Sets limits of one user, group or project.</summary>
internal sealed class QuotaSetCommand : QuotaVerbCommand
{
    private readonly Option<string> _soft = new("--soft") { Description = "Bytes that may be passed for the time of grace; none takes the limit away", HelpName = "4G" };
    private readonly Option<string> _hard = new("--hard") { Description = "Bytes that may not be passed", HelpName = "5G" };
    private readonly Option<string> _softInodes = new("--inodes-soft") { Description = "Files and directories that may be passed for the time of grace", HelpName = "N" };
    private readonly Option<string> _hardInodes = new("--inodes-hard") { Description = "Files and directories that may not be passed", HelpName = "N" };

    public QuotaSetCommand()
        : base("set", "Set limits of a user, group or project; what is not named stays")
    {
        AddVolume();
        AddOwners();
        Options.Add(_soft);
        Options.Add(_hard);
        Options.Add(_softInodes);
        Options.Add(_hardInodes);
    }

    public override string[] Examples =>
    [
        "adit quota set pool.adit --user alice --soft 4G --hard 5G",
        "adit quota set /mnt/data --project 42 --inodes-hard 100000",
        "adit quota set pool.adit --group staff --hard none",
    ];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var request = Named(arguments, new QuotaRequest(QuotaVerb.Set), mustBeNamed: true) with
        {
            SoftBytes = Bytes(arguments.GetValue(_soft)),
            HardBytes = Bytes(arguments.GetValue(_hard)),
            SoftInodes = Count(arguments.GetValue(_softInodes)),
            HardInodes = Count(arguments.GetValue(_hardInodes)),
        };
        if (request is { SoftBytes: null, HardBytes: null, SoftInodes: null, HardInodes: null })
        {
            throw CommandFailure.Usage("write a limit: --soft, --hard, --inodes-soft or --inodes-hard, for example --hard 5G");
        }

        Show(Ask(arguments, request, output), output);
        return ExitCode.Done;
    }
}

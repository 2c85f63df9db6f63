using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Turns quotas off.</summary>
internal sealed class QuotaOffCommand : QuotaVerbCommand
{
    private readonly Option<bool> _forget = new("--forget")
    {
        Description = "Forget the limits, too: versions of adit that know no quotas may write the volume again",
    };

    public QuotaOffCommand()
        : base("off", "Count and limit nothing any more; limits are kept for later")
    {
        AddVolume();
        Options.Add(_forget);
    }

    public override string[] Examples => ["adit quota off pool.adit", "adit quota off pool.adit --forget"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        Show(Ask(arguments, new QuotaRequest(QuotaVerb.Off) { Forgets = arguments.GetValue(_forget) }, output), output);
        return ExitCode.Done;
    }
}

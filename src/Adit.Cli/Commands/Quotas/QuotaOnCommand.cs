using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Turns quotas on, which counts what everybody has.</summary>
internal sealed class QuotaOnCommand : QuotaVerbCommand
{
    public QuotaOnCommand()
        : base("on", "Count what everybody has, and from then on let limits bind") => AddVolume();

    public override string[] Examples => ["adit quota on pool.adit"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        Show(Ask(arguments, new QuotaRequest(QuotaVerb.On), output), output);
        return ExitCode.Done;
    }
}

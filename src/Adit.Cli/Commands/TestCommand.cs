using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;

namespace Adit.Cli.Commands;

/// <summary>Listed for its help; the shell wrapper of a source tree runs it, because a tool cannot build itself.</summary>
internal sealed class TestCommand() : VolumeCommand("test", "Build and run every test (in a source tree: ./adit test)")
{
    public override string[] Examples => ["./adit test", "./adit test --long"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output) =>
        throw CommandFailure.Usage("run ./adit test in the source tree");
}

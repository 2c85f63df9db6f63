using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Adit.Cli.CommandLine;

/// <summary>The help of a command, with its examples at the end.</summary>
internal sealed class ExampleHelp(SynchronousCommandLineAction standard) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = standard.Invoke(parseResult);
        if (parseResult.CommandResult.Command is VolumeCommand { Examples.Length: > 0 } command)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine(command.Examples.Length == 1 ? "Example:" : "Examples:");
            foreach (var example in command.Examples)
            {
                output.WriteLine($"  {example}");
            }
        }

        return result;
    }

    /// <summary>Puts itself in place of the help of every command.</summary>
    public static void Install(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Action = new ExampleHelp((SynchronousCommandLineAction)option.Action!);
        }
    }
}

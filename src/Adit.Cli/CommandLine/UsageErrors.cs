using System.CommandLine;

namespace Adit.Cli.CommandLine;

/// <summary>What is said about arguments that do not make a command.</summary>
internal static class UsageErrors
{
    public static int Print(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var name = command is RootCommand ? "adit" : $"adit {command.Name}";
        foreach (var error in parse.Errors)
        {
            Console.Error.WriteLine($"{name}: {error.Message}");
        }

        Console.Error.WriteLine($"Try '{name} --help'.");
        return (int)ExitCode.Usage;
    }
}

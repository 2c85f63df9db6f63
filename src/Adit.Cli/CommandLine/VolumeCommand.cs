using System.CommandLine;
using Adit.Cli.Output;

namespace Adit.Cli.CommandLine;

/// <summary>A command of the tool: how it is called, an example, and what it does. Every command has <c>--json</c>; failures
/// of all of them become a message on standard error and an exit code in one place, here.</summary>
internal abstract class VolumeCommand : Command
{
    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON document on standard output",
    };

    private readonly Option<bool>? _jsonLines;

    /// <param name="name">The word that selects it.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="isList">It prints a list, so it has <c>--jsonl</c> too.</param>
    protected VolumeCommand(string name, string description, bool isList = false)
        : base(name, description)
    {
        SetAction(Invoke);
        Options.Add(_json);
        if (isList)
        {
            _jsonLines = new Option<bool>("--jsonl") { Description = "Print one JSON object a line on standard output" };
            Options.Add(_jsonLines);
        }
    }

    /// <summary>Command lines that the help shows.</summary>
    public abstract string[] Examples { get; }

    /// <summary>How its messages call it: with the words before its own, where there are any.</summary>
    protected virtual string Title => Name;

    /// <summary>Does what was asked, or throws.</summary>
    protected abstract ExitCode Run(ParseResult arguments, CommandOutput output);

    private int Invoke(ParseResult arguments)
    {
        var format = _jsonLines is not null && arguments.GetValue(_jsonLines) ? OutputFormat.JsonLines
            : arguments.GetValue(_json) ? OutputFormat.Json
            : OutputFormat.Text;
        using var output = new CommandOutput(Title, format);
        try
        {
            return (int)Run(arguments, output);
        }
        catch (Exception exception) when (CommandFailure.From(exception) is { } failure)
        {
            output.Fail(failure);
            return (int)failure.ExitCode;
        }
    }
}

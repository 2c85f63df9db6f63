using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Adit.Cli.CommandLine;
using Adit.Cli.Reports;
using Adit.Interop;
using Spectre.Console;

namespace Adit.Cli.Output;

/// <summary>Where a command prints: results on standard output in the format asked for, messages and progress on standard
/// error, progress on a terminal only. For one thread.</summary>
internal sealed class CommandOutput : IDisposable
{
    private readonly string _command;
    private readonly StreamWriter _standardOutput;
    private bool _hasList;
    private bool _firstOfList = true;

    public CommandOutput(string command, OutputFormat format)
    {
        _command = command;
        Format = format;
        _standardOutput = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 14) { NewLine = "\n" };
        Messages = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            Interactive = IsErrorTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
    }

    public OutputFormat Format { get; }

    public bool IsText => Format == OutputFormat.Text;

    /// <summary>Standard error, with colours where it is a terminal.</summary>
    public IAnsiConsole Messages { get; }

    public static bool IsErrorTerminal => !Console.IsErrorRedirected;

    public static bool IsOutputTerminal => !Console.IsOutputRedirected;

    /// <summary>Standard output as bytes, behind everything printed so far.</summary>
    public Stream Bytes
    {
        get
        {
            _standardOutput.Flush();
            return _standardOutput.BaseStream;
        }
    }

    /// <summary>What was printed so far reaches its reader now.</summary>
    public void Flush() => _standardOutput.Flush();

    public void Line(string text = "") => _standardOutput.WriteLine(text);

    /// <summary>Renders something for people on standard output: in colours on a terminal, as bare lines elsewhere.</summary>
    public void Render(Spectre.Console.Rendering.IRenderable content)
    {
        if (IsOutputTerminal)
        {
            AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_standardOutput) }).Write(content);
            return;
        }

        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = 400;
        console.Write(content);
        foreach (var line in text.ToString().TrimEnd('\n').Split('\n'))
        {
            Line(line.TrimEnd());
        }
    }

    /// <summary>Prints a message on standard error.</summary>
    public void Message(string text)
    {
        _standardOutput.Flush();
        Console.Error.WriteLine($"adit {_command}: {text}");
    }

    /// <summary>Prints the one document of <c>--json</c>.</summary>
    public void Document<T>(T value, JsonTypeInfo<T> type) => Line(JsonSerializer.Serialize(value, type));

    /// <summary>Prints one element of a list: an element of the document's array, or a line of its own.</summary>
    public void Element<T>(T value, JsonTypeInfo<T> type)
    {
        var text = JsonSerializer.Serialize(value, type);
        if (Format == OutputFormat.JsonLines)
        {
            Line(text);
            return;
        }

        _standardOutput.Write(_firstOfList ? "[\n" : ",\n");
        _standardOutput.Write(text);
        _firstOfList = false;
        _hasList = true;
    }

    /// <summary>Ends a list; prints an empty array when it had no elements.</summary>
    public void EndList()
    {
        if (Format == OutputFormat.Json)
        {
            Line(_hasList ? "\n]" : "[]");
            _hasList = false;
            _firstOfList = true;
        }
    }

    /// <summary>Says why the command failed: on standard error, and as the document of <c>--json</c>.</summary>
    public void Fail(CommandFailure failure)
    {
        Message(failure.Message);
        if (!IsText)
        {
            if (_hasList)
            {
                EndList();
            }
            else
            {
                Document(
                    new ErrorReport(failure.Message, failure.Errno == Errno.Success ? null : failure.Errno.Name(), (int)failure.ExitCode),
                    ReportJson.Default.ErrorReport);
            }
        }
    }

    public void Dispose()
    {
        try
        {
            _standardOutput.Dispose();
        }
        catch (IOException)
        {
            // The reader of a pipe went away: `adit ls ... | head`. What it wanted, it has.
        }
    }
}

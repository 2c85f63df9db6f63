using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;

namespace Adit.Cli.Commands;

/// <summary>Makes directories.</summary>
internal sealed class MkdirCommand : VolumeCommand
{
    private readonly Argument<string[]> _directories = new("VOLUME:/path") { Description = "Directories to make", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _parents = new("--parents", "-p") { Description = "Make what is missing above; no error when it is there" };
    private readonly Option<string> _mode = new("--mode", "-m") { Description = "Permission bits, in octal", DefaultValueFactory = _ => "755" };

    public MkdirCommand()
        : base("mkdir", "Make directories in a volume")
    {
        _mode.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !TryParseMode(result.Tokens[0].Value, out _))
            {
                result.AddError($"'{result.Tokens[0].Value}' is not a mode; write for example 750");
            }
        });
        Arguments.Add(_directories);
        Options.Add(_parents);
        Options.Add(_mode);
    }

    public override string[] Examples => ["adit mkdir -p pool.adit:/models/small"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var texts = arguments.GetRequiredValue(_directories);
        TryParseMode(arguments.GetRequiredValue(_mode), out var mode);
        foreach (var operand in texts.Select(VolumeOperand.File).ToList())
        {
            using var tree = VolumeAccess.Files(operand, isReadOnly: false);
            tree.MakeDirectory(operand.InnerPath, mode, arguments.GetValue(_parents));
            tree.Flush();
        }

        if (!output.IsText)
        {
            output.Document(new ActionReport("mkdir", texts), ReportJson.Default.ActionReport);
        }

        return ExitCode.Done;
    }

    private static bool TryParseMode(string text, out uint mode)
    {
        mode = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7' || mode > 0x1FF)
            {
                return false;
            }

            mode = (mode << 3) | (uint)(digit - '0');
        }

        return text.Length > 0;
    }
}

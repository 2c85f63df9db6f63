using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Nodes;

namespace Adit.Cli.Commands;

/// <summary>Changes flags of files and directories.</summary>
internal sealed class ChattrCommand : VolumeCommand
{
    private readonly Argument<string[]> _words = new("+FLAGS|-FLAGS VOLUME:/path")
    {
        Description = "Flags to set and to take away: x direct access, i immutable, a append-only, A no access times, d no dump, S and D synchronous, P project passed on; and whose",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _recursive = new("--recursive", "-R") { Description = "Of all that is in a directory, too; links are not followed" };

    public ChattrCommand()
        : base("chattr", "Change the flags of files and directories, the DAX flag x among them")
    {
        // A word such as -x would be an option of the command line otherwise.
        TreatUnmatchedTokensAsErrors = false;
        Arguments.Add(_words);
        Options.Add(_recursive);
    }

    public override string[] Examples => ["adit chattr -x pool.adit:/logs", "adit chattr +x pool.adit:/models --recursive"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var request = new FlagRequest(FileFlags.None, FileFlags.None, arguments.GetValue(_recursive));
        var operands = new List<VolumeOperand>();
        foreach (var word in arguments.UnmatchedTokens.Concat(arguments.GetValue(_words) ?? []))
        {
            if (word.Length > 1 && word[0] is '+' or '-')
            {
                request = Add(request, word);
            }
            else
            {
                operands.Add(VolumeOperand.File(word));
            }
        }

        if ((request.Set | request.Clear) == FileFlags.None || operands.Count == 0)
        {
            throw CommandFailure.Usage($"write flags (of {FlagLetters.All}) and a path, for example: adit chattr +x pool.adit:/models");
        }

        var sum = new FlagsReport { Set = FlagLetters.Format(request.Set), Cleared = FlagLetters.Format(request.Clear) };
        foreach (var operand in operands)
        {
            using var inspector = VolumeAccess.Inspect(operand, isReadOnly: false);
            sum += inspector.SetFlags(operand.InnerPath, request);
        }

        Say(sum, output);
        return sum.FailureCount == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static FlagRequest Add(FlagRequest request, string word)
    {
        if (!FlagLetters.TryParse(word.AsSpan(1), out var flags))
        {
            throw CommandFailure.Usage($"'{word}' is not a change of flags; they are {FlagLetters.All}, with + or - before them");
        }

        request = word[0] == '+' ? request with { Set = request.Set | flags } : request with { Clear = request.Clear | flags };
        return (request.Set & request.Clear) == 0 ? request : throw CommandFailure.Usage($"'{word}': a flag is both set and taken away");
    }

    private static void Say(FlagsReport report, CommandOutput output)
    {
        foreach (var failure in report.Failures)
        {
            output.Message($"{failure.Path}: {failure.Reason}");
        }

        if (!output.IsText)
        {
            output.Document(report, ReportJson.Default.FlagsReport);
            return;
        }

        output.Line(
            $"{Count(report.FilesChanged, "file", "files")} and {Count(report.DirectoriesChanged, "directory", "directories")} changed, {report.Unchanged} had it so already"
            + (report.Skipped == 0 ? "" : $", {Count(report.Skipped, "link or special file", "links and special files")} skipped")
            + (report.FailureCount == 0 ? "" : $", {report.FailureCount} failed"));
        if (report.Pending != 0)
        {
            output.Line($"{Count(report.Pending, "file is", "files are")} in use: access follows the flag when next opened; 'adit stat' tells");
        }
    }

    private static string Count(long count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}

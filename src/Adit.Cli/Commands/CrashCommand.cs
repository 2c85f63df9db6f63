using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.TestKit.Crash;
using Adit.TestKit.Crash.Files;
using Spectre.Console;

namespace Adit.Cli.Commands;

/// <summary>Runs the crash campaign of the test kit.</summary>
internal sealed class CrashCommand : VolumeCommand
{
    private readonly Option<int> _seed = new("--seed") { Description = "Of the first session (default: from the clock)", HelpName = "N", DefaultValueFactory = _ => Environment.TickCount & 0xFFFFFF };
    private readonly Option<double> _minutes = new("--minutes") { Description = "How long (default: 1)", HelpName = "M" };
    private readonly Option<long> _images = new("--images") { Description = "How many crash images", HelpName = "N" };
    private readonly Option<int> _sessions = new("--sessions") { Description = "How many volumes", HelpName = "N" };

    private readonly Option<CrashLayers> _layers = new("--layers") { Description = "Where: Store, Files, Systematic or All (default)", HelpName = "L", DefaultValueFactory = _ => CrashLayers.All };
    private readonly Option<bool> _systematic = new("--systematic") { Description = "All sequences of up to three operations, each on lines and on pages, instead of random work" };
    private readonly Option<long?> _sequence = new("--sequence") { Description = "The first of the systematic sequences; with --systematic the only one", HelpName = "N" };

    public CrashCommand()
        : base("crash", "Lose power at every kind of moment and prove that nothing promised is lost")
    {
        Options.Add(_seed);
        Options.Add(_minutes);
        Options.Add(_images);
        Options.Add(_sessions);
        Options.Add(_layers);
        Options.Add(_systematic);
        Options.Add(_sequence);
    }

    public override string[] Examples => ["adit crash --minutes 10", "adit crash --systematic", "adit crash --seed 4711 --sessions 1"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            interrupted.Cancel();
        };
        var images = arguments.GetValue(_images);
        var sessions = arguments.GetValue(_sessions);
        var minutes = arguments.GetValue(_minutes);
        var seed = arguments.GetValue(_seed);
        var sequence = arguments.GetValue(_sequence);
        var sequences = !arguments.GetValue(_systematic) ? 0 : sequence is null ? SystematicSequences.Total : 1;
        output.Message($"seed {seed}");
        var result = CrashCampaign.Run(new CrashCampaignOptions
        {
            Seed = seed,
            Images = images > 0 ? images : long.MaxValue,
            Layers = arguments.GetValue(_layers),
            FirstSequence = sequence ?? 0,
            SequenceCount = sequences,
            Sessions = sessions > 0 ? sessions : int.MaxValue,
            Minutes = minutes > 0 ? minutes : images > 0 || sessions > 0 || sequences > 0 ? 0 : 1,
            Threads = Environment.ProcessorCount,
            OnProgress = CommandOutput.IsErrorTerminal ? progress => Show(output, progress) : null,
            Cancellation = interrupted.Token,
        });
        if (CommandOutput.IsErrorTerminal)
        {
            output.Messages.WriteLine();
        }

        Print(output, seed, result);
        return result.Violations.Count > 0 || result.IsInconclusive ? ExitCode.Failed : ExitCode.Done;
    }

    private static void Show(CommandOutput output, CrashProgress progress) => output.Messages.Write(new ControlCode(
        FormattableString.Invariant($"\r\u001b[2K{progress.Images} images of {progress.Sessions} volumes, {progress.Violations} violations, {progress.Elapsed.TotalSeconds:0} s")));

    private static void Print(CommandOutput output, int seed, CrashCampaignResult result)
    {
        if (!output.IsText)
        {
            output.Document(
                new CrashCampaignReport(
                    seed, result.Images, result.Sessions, result.Elapsed.TotalSeconds, result.IsInconclusive,
                    result.Dangers.ToDictionary(danger => danger.Key.ToString(), danger => danger.Value),
                    [.. result.Violations.Select(violation => new CrashViolationReport(violation.Seed, violation.Image, violation.Description, violation.ReplayCommand))]),
                ReportJson.Default.CrashCampaignReport);
            return;
        }

        output.Line(FormattableString.Invariant(
            $"{result.Images} crash images of {result.Sessions} volumes in {result.Elapsed.TotalSeconds:0.0} s: {result.Violations.Count} violations"));
        foreach (var (danger, count) in result.Dangers)
        {
            output.Line($"  {danger,-20} {count,12}");
        }

        foreach (var violation in result.Violations)
        {
            output.Line($"VIOLATION, seed {violation.Seed}, image {violation.Image}: {violation.Description}");
            output.Line($"  again: {violation.ReplayCommand}");
        }

        if (result.IsInconclusive)
        {
            output.Line(result.IsComplete
                ? $"INCONCLUSIVE: no image met {string.Join(", ", result.Unmet)}; run longer"
                : "INCONCLUSIVE: not all sequences were run");
        }
    }
}

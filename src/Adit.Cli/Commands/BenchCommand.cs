using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Adit.Cli.Bench;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;

namespace Adit.Cli.Commands;

/// <summary>Measures the ratios that the project promises.</summary>
internal sealed class BenchCommand : VolumeCommand
{
    private readonly Option<string[]> _cases = new("--case") { Description = "Only this case; may be repeated", HelpName = "NAME" };
    private readonly Option<bool> _quick = new("--quick") { Description = "Fewer rounds and smaller volumes" };

    public BenchCommand()
        : base("bench", "Measure each case beside its baseline, alternating, on emulated persistent memory")
    {
        _cases.AcceptOnlyFromAmong([.. BenchTable.Cases.Select(each => each.Name)]);
        Options.Add(_cases);
        Options.Add(_quick);
    }

    public override string[] Examples => ["adit bench --quick", "adit bench --case append-4k-durable --json"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var wanted = arguments.GetValue(_cases) is { Length: > 0 } names ? names.ToHashSet(StringComparer.Ordinal) : null;
        using var folder = BenchFolder.Create();
        using var interrupt = ClearAwayAt(PosixSignal.SIGINT, folder);
        using var terminate = ClearAwayAt(PosixSignal.SIGTERM, folder);
        using var hangUp = ClearAwayAt(PosixSignal.SIGHUP, folder);
        output.Message("the medium is emulated: ratios count, nanoseconds are this machine's memory");
        foreach (var each in BenchTable.Cases)
        {
            if (wanted is null || wanted.Contains(each.Name))
            {
                Print(output, each, each.Run(folder, arguments.GetValue(_quick)));
            }
        }

        return ExitCode.Done;
    }

    /// <summary>One line a case, as soon as it is known.</summary>
    private static void Print(CommandOutput output, BenchCase bench, BenchResult result)
    {
        output.Line(output.IsText ? Text(bench, result) : JsonSerializer.Serialize(result, BenchJson.Default.BenchResult));
        output.Flush();
    }

    private static string Text(BenchCase bench, BenchResult result)
    {
        var times = result.Ns is null ? "" : FormattableString.Invariant($"{result.Ns:n1} ns beside {result.BaselineNs:n1}");
        var bound = bench.MoreIsBetter ? ">=" : "<=";
        var state = result.Ok ? "ok" : "MISSED";
        var detail = result.Detail is null ? "" : $"; {result.Detail}";
        return FormattableString.Invariant(
            $"{result.Case,-22} ratio {result.Ratio,6:0.000} goal {bound} {result.Goal:0.00} {state,-6}  {times}  {result.AllocatedBytes:0.##} B/op  ({result.Baseline}{detail})");
    }

    private static PosixSignalRegistration ClearAwayAt(PosixSignal signal, BenchFolder folder) =>
        PosixSignalRegistration.Create(signal, _ =>
        {
            folder.Dispose();
            Environment.Exit((int)ExitCode.Failed);
        });
}

namespace Adit.Cli.Bench;

/// <summary>A case of the table: what is measured, beside what, and the goal.</summary>
internal abstract class BenchCase
{
    public abstract string Name { get; }

    public abstract string Baseline { get; }

    /// <summary>What the ratio should be.</summary>
    public abstract double Goal { get; }

    /// <summary>The goal is a lower bound.</summary>
    public virtual bool MoreIsBetter => false;

    /// <summary>Measures. Everything it makes lies in the bench's folder.</summary>
    public abstract BenchResult Run(BenchFolder folder, bool isQuick);

    protected BenchResult Result(double? ns, double? baselineNs, double ratio, double allocatedBytes = 0, string? detail = null) => new()
    {
        Case = Name,
        Medium = "pmem-emulated",
        Ns = Round(ns),
        Baseline = Baseline,
        BaselineNs = Round(baselineNs),
        Ratio = Math.Round(ratio, 3),
        Goal = Goal,
        Ok = MoreIsBetter ? ratio >= Goal : ratio <= Goal,
        AllocatedBytes = Math.Round(allocatedBytes, 2),
        Detail = detail,
    };

    protected BenchResult Result(Measurement measured, string? detail = null) =>
        Result(measured.Ns, measured.BaselineNs, measured.Ns / measured.BaselineNs, measured.AllocatedBytes, detail);

    private static double? Round(double? ns) => ns is { } value ? Math.Round(value, 1) : null;
}

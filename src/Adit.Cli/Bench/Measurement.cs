namespace Adit.Cli.Bench;

/// <summary>The outcome of interleaved rounds: medians, and what the case allocated for one operation.</summary>
internal readonly record struct Measurement(double Ns, double BaselineNs, double AllocatedBytes);

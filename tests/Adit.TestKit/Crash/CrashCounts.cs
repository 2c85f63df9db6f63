namespace Adit.TestKit.Crash;

/// <summary>How many images met each danger. Added to by many sessions.</summary>
public sealed class CrashCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<CrashDanger>().Length];

    public long this[CrashDanger danger] => Interlocked.Read(ref _counts[(int)danger]);

    public void Add(CrashDanger danger, long count = 1) => Interlocked.Add(ref _counts[(int)danger], count);

    public IReadOnlyDictionary<CrashDanger, long> ToDictionary() =>
        Enum.GetValues<CrashDanger>().ToDictionary(danger => danger, danger => this[danger]);
}

using Adit.Metadata;
using Adit.TestKit.Model;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash.Files;

/// <summary>Runs the sequences of <see cref="OperationEnumerator"/>, each from the same prepared volume, with power failing in
/// it. Numbers count through the lengths: first all of one operation, then of two, then of three, then again.</summary>
public sealed class SystematicSequences : IDisposable
{
    /// <summary>Sequences that one prepared volume serves before another is made.</summary>
    public const long PerSession = 256;

    private readonly CrashSessionOptions _session;
    private readonly BrokenVariant _broken;
    private readonly CrashCounts _counts;
    private readonly CrashRig _rig;
    private readonly ModelState _prepared;
    private readonly bool _quotas;

    /// <param name="first">The first sequence: every other prepared volume keeps quotas.</param>
    public SystematicSequences(CrashSessionOptions session, BrokenVariant broken, CrashCounts counts, long first)
    {
        _quotas = (first / PerSession & 1) != 0;
        _session = session;
        _broken = broken;
        _counts = counts;
        SimulatedMedium medium = new(8 << 20, session.Model, session.Seed);
        FileCrashWorkload preparation = new(Options([]) with { Preparation = OperationEnumerator.Preparation });
        preparation.Start(medium);
        _prepared = preparation.State;
        preparation.Stop();
        _rig = new CrashRig(medium, session.Seed);
    }

    /// <summary>Sequences of all lengths.</summary>
    public static long Total => OperationEnumerator.Count(1) + OperationEnumerator.Count(2) + OperationEnumerator.Count(3);

    /// <summary>See <see cref="CrashRig.IsStuck"/>.</summary>
    public bool IsStuck => _rig.IsStuck;

    public CrashSession Run(long number)
    {
        _rig.Rewind((int)number);
        FileCrashWorkload workload = new(Options(Sequence(number)));
        CrashSession running = new(_session with { Seed = _session.Seed + (int)number, ReplayCommand = $"{_session.ReplayCommand} --sequence {number}" }, workload, _rig, _counts);
        running.Run(medium => workload.Resume(medium, _prepared));
        return running;
    }

    public void Dispose() => _rig.Dispose();

    private static FileOperation[] Sequence(long number)
    {
        number %= Total;
        int length = 1;
        while (number >= OperationEnumerator.Count(length))
        {
            number -= OperationEnumerator.Count(length);
            length++;
        }

        return OperationEnumerator.Sequence(length, number);
    }

    private FileWorkloadOptions Options(IReadOnlyList<FileOperation> script) => new()
    {
        Seed = _session.Seed,
        Broken = _broken,
        LogBytes = 64 << 10,
        Script = script,
        Quotas = _quotas,
        CheckPercent = 30,
    };
}

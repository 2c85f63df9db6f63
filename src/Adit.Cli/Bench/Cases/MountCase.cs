using Adit.Cli.Bench.Mounts;

namespace Adit.Cli.Bench.Cases;

/// <summary>Something that a client does on a mounted volume, beside a FUSE file system of libfuse, tmpfs and ext4.</summary>
/// <param name="name">As the command line knows it.</param>
/// <param name="baseline">Which of the others the goal is set beside.</param>
/// <param name="goal">The ratio to it.</param>
/// <param name="operations">In a round.</param>
/// <param name="isBound">Client and servers share one processor.</param>
/// <param name="makeBody">What the client does.</param>
/// <param name="isOverRings">Over io_uring, beside the classic channel.</param>
internal sealed class MountCase(
    string name, string baseline, double goal, int operations, bool isBound, Func<MountTarget, MountBody> makeBody, bool isOverRings = false) : BenchCase
{
    private const int WarmUpRounds = 30;

    /// <summary>The warm-up is over when so many rounds in a row have compiled nothing, but takes no more than a number of rounds.</summary>
    private const int QuietRounds = 5;

    private const int MaxWarmUpRounds = 150;

    public override string Name => name;

    public override string Baseline => baseline;

    public override double Goal => goal;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var scene = MountScene.Create(folder, name, isOverRings);
        List<MountBody> bodies = [];
        try
        {
            bodies.AddRange(scene.Targets.Select(makeBody));
            WarmUp(bodies[0], scene.Targets[0].ServerPid);
            ProcessorBinding.Apply(isBound, scene.ServerPids);

            // Asked twice, to know what asking allocates.
            scene.AskServer();
            var before = scene.AskServer();
            var asked = scene.AskServer();
            var rounds = isQuick ? 9 : 31;
            var times = MountRounds.Run(bodies, operations, rounds);
            var after = scene.AskServer();
            var costOfAsking = asked.AllocatedBytes - before.AllocatedBytes;
            var allocated = Math.Max(0, after.AllocatedBytes - asked.AllocatedBytes - costOfAsking);
            return Compare(scene.Targets, times, (double)allocated / ((long)rounds * operations));
        }
        finally
        {
            ProcessorBinding.Apply(isBound: false, []);
            bodies.ForEach(body => body.Dispose());
        }
    }

    /// <summary>Runs until the server's hot methods have been compiled for the last time, which it does in the background while nothing new
    /// is called for a tenth of a second.</summary>
    private void WarmUp(MountBody body, int server)
    {
        var compiled = BackgroundCompiler.TimeOf(server);
        var quiet = 0;
        for (var round = 0; round < MaxWarmUpRounds && (round < WarmUpRounds || quiet < QuietRounds); round++)
        {
            body.Run(operations);
            Thread.Sleep(110);
            var now = BackgroundCompiler.TimeOf(server);
            quiet = now - compiled < 1_000_000 ? quiet + 1 : 0;
            compiled = now;
        }
    }

    private BenchResult Compare(IReadOnlyList<MountTarget> targets, double[] times, double allocatedBytes)
    {
        var at = targets.Index().First(target => target.Item.Name == baseline).Index;
        var others = targets.Index().Where(target => target.Index != 0 && target.Index != at)
            .Select(target => FormattableString.Invariant($"{times[0] / times[target.Index]:0.00} of {target.Item.Name}"));
        return Result(times[0], times[at], times[0] / times[at], allocatedBytes, string.Join(", ", others));
    }
}

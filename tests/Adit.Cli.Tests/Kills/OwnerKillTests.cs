using System.Runtime.InteropServices;
using Xunit.Abstractions;

namespace Adit.Cli.Tests.Kills;

/// <summary>The owner of a mount is killed while trees are copied onto the mount; what its users had synced is whole.</summary>
public sealed class OwnerKillTests(ITestOutputHelper output)
{
    /// <summary>How much longer than a clean volume one may take to mount whose owner was killed.</summary>
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(1);

    /// <summary>The same beside whatever else a run of all tests does: long enough to tell a hang only.</summary>
    private static readonly TimeSpan LongestAnyRecovery = TimeSpan.FromSeconds(30);

    /// <summary>All of .NET: thousands of files, most of them small, and there wherever a test runs.</summary>
    private static readonly string Tree = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    [MountFact]
    public void Killed_owner_of_a_file_leaves_every_synced_file_whole() => KillOften("file", rounds: 2, longestLifeMs: 700, seed: 1, LongestAnyRecovery);

    [MountFact]
    public void Killed_owner_of_emulated_persistent_memory_leaves_every_synced_file_whole() => KillOften("pmem-emulated", rounds: 1, longestLifeMs: 700, seed: 2, LongestAnyRecovery);

    [MountFact]
    [Trait("Tier", "long")]
    public void Owner_of_a_file_killed_twenty_times_leaves_every_synced_file_whole() => KillOften("file", rounds: 20, longestLifeMs: 2500, seed: 100, LongestRecovery);

    [MountFact]
    [Trait("Tier", "long")]
    public void Owner_of_emulated_persistent_memory_killed_twenty_times_leaves_every_synced_file_whole() =>
        KillOften("pmem-emulated", rounds: 20, longestLifeMs: 2500, seed: 200, LongestRecovery);

    /// <summary>The proof that a loss would be seen: files that were never synced count as acknowledged, and are missing.</summary>
    [MountFact]
    public void Files_that_nobody_synced_are_found_missing()
    {
        using var scene = new KillScene(Tree, "file", output);
        scene.Mount();
        var claimed = scene.CopyAndKill("copy-without-sync", killAfterMs: 300, seed: 3, others: false);
        scene.Mount();

        Assert.NotEmpty(scene.FindLosses(claimed));
        scene.CheckVolume();
        scene.Unmount();
    }

    private void KillOften(string medium, int rounds, int longestLifeMs, int seed, TimeSpan longestRecovery)
    {
        using var scene = new KillScene(Tree, medium, output);
        var random = new Random(seed);
        var clean = scene.Mount();
        IReadOnlyList<SyncedFile> before = [];
        for (var round = 0; round < rounds; round++)
        {
            var lifeMs = random.Next(5, longestLifeMs);
            var synced = scene.CopyAndKill("copy", lifeMs, seed + round, others: true);
            if (round % 2 == 1)
            {
                scene.Unmount();
            }

            var again = scene.Mount();
            output.WriteLine($"seed {seed + round}: killed {lifeMs} ms after the first of {synced.Count} files; mounted in {again.TotalMilliseconds:0} ms, clean in {clean.TotalMilliseconds:0} ms");

            ExpectNone(scene.FindLosses([.. before, .. synced]));
            ExpectNone(scene.FindTornCopies());
            scene.CheckVolume();
            CheckRecoveryTime(scene, again, clean, longestRecovery);
            before = synced;
        }

        scene.Unmount();
        scene.CheckVolume();
        scene.CheckNothingIsLeft();
    }

    /// <summary>On a busy machine everything takes long: then a clean volume has to show that recovery is not to blame.</summary>
    private static void CheckRecoveryTime(KillScene scene, TimeSpan again, TimeSpan clean, TimeSpan longest)
    {
        if (again - clean >= longest)
        {
            scene.Unmount();
            var now = scene.Mount();
            Assert.True(again - now < longest, $"mounting again took {again.TotalMilliseconds:0} ms; clean {clean.TotalMilliseconds:0} ms before and {now.TotalMilliseconds:0} ms after it");
        }
    }

    private static void ExpectNone(IReadOnlyList<string> losses) => Assert.True(losses.Count == 0, string.Join(Environment.NewLine, losses.Take(10)));
}

using Adit.Fuse.Options;
using Adit.Fuse.Tests.Clients;
using Adit.Fuse.Tests.Mounts;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Judges;

/// <summary>What fsx looks for, by <see cref="FileExerciser"/>: two processes with two files each, in every cache mode, then a comparison after
/// the kernel has forgotten everything.</summary>
[Collection(MountCollection.Name)]
public sealed class ExerciserTests(ITestOutputHelper output)
{
    private static string Program => $"dotnet exec '{typeof(ExerciserTests).Assembly.Location}' exercise";

    [MountTheory]
    [InlineData(DaxMode.Inode)]
    [InlineData(DaxMode.Always)]
    [InlineData(DaxMode.Never)]
    public void Files_under_random_operations_are_what_a_model_says(DaxMode mode) => Exercise(mode, Environment.TickCount & 0xFFFFFF, 1500);

    [MountTheory]
    [InlineData(DaxMode.Inode)]
    [InlineData(DaxMode.Always)]
    [InlineData(DaxMode.Never)]
    [Trait("Tier", "long")]
    public void Files_under_many_random_operations_are_what_a_model_says(DaxMode mode)
    {
        for (int round = 0; round < 4; round++)
        {
            Exercise(mode, (Environment.TickCount & 0xFFFFFF) + (2 * round), 60_000);
        }
    }

    [MountFact]
    public void Exerciser_finds_a_write_that_is_not_there()
    {
        using TestMount mount = new();
        foreach (int lie in (int[])[0, 30, 100])
        {
            Assert.Equal(0, mount.Run($"{Program} mnt/good{lie} 5 300 -1").ExitCode);
            ShellResult lied = mount.Run($"{Program} mnt/f{lie} 5 300 {lie}");
            Assert.Equal(FileExerciser.Difference, lied.ExitCode);
            Assert.Contains("instead of", lied.Errors, StringComparison.Ordinal);
        }
    }

    private void Exercise(DaxMode mode, int seed, int turns)
    {
        output.WriteLine($"dax={mode}, seeds {seed} and {seed + 1}, {turns} turns: exercise FILE SEED {turns} -1");
        using TestMount mount = new(new MountOptions { Dax = mode }, limit: TimeSpan.FromMinutes(5));
        mount.Run($"""
            {Program} mnt/a {seed} {turns} -1 & first=$!
            {Program} mnt/b {seed + 1} {turns} -1
            wait $first
            """, 280).MustSucceed();
        mount.Remount(new MountOptions { Dax = mode });
        mount.Run("for f in a a2 b b2; do cmp mnt/$f mnt/$f.model; done").MustSucceed();
    }
}

using System.Diagnostics;
using Adit.Cli.Tests.Holding;
using Adit.TestKit;
using Adit.TestKit.Processes;
using Xunit.Abstractions;

namespace Adit.Cli.Tests.Soak;

/// <summary>fio writes blocks that carry their checksums and reads them back, in each of its ways, while servers are killed: no error, no other byte.</summary>
public sealed class FioKillTests(ITestOutputHelper output)
{
    /// <summary>Three deaths within ten seconds are one too many for the holder.</summary>
    private static readonly TimeSpan BetweenDeaths = TimeSpan.FromSeconds(5.5);

    private static readonly string[][] Ways =
    [
        ["--ioengine=psync"],
        ["--ioengine=psync", "--direct=1"],
        ["--ioengine=psync", "--fsync=16"],
        ["--ioengine=mmap"],
        ["--ioengine=libaio", "--iodepth=16", "--direct=1"],
        ["--ioengine=io_uring", "--iodepth=16", "--direct=1"],
    ];

    [MountFact("fio")]
    [Trait("Tier", "long")]
    public void Fio_verifies_what_it_wrote_to_emulated_persistent_memory_while_servers_are_killed() => Run("pmem-emulated", seed: 1);

    [MountFact("fio")]
    [Trait("Tier", "long")]
    public void Fio_verifies_what_it_wrote_to_a_file_while_servers_are_killed() => Run("file", seed: 2);

    private void Run(string medium, int seed)
    {
        const int Rounds = 3;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        using TemporaryDirectory memory = new("/dev/shm");
        using HeldScene scene = new(medium, TimeSpan.FromMinutes(20), medium == "file" ? null : memory.File(), size: "512M");
        var cached = Directory.CreateDirectory(scene["cached"]).FullName;
        AditTool.Run("chattr", "-x", cached).Expect(0);
        Dictionary<string, int> kills = [];
        var sinceKill = Stopwatch.StartNew();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var way in Ways)
            {
                if (sinceKill.Elapsed < BetweenDeaths)
                {
                    Thread.Sleep(BetweenDeaths - sinceKill.Elapsed);
                }

                var name = string.Join(' ', way);
                var killAt = TimeSpan.FromMilliseconds(random.Next(50, 600));
                var folder = random.Next(2) == 0 ? cached : scene.Mount;
                using var fio = Start(folder, way, random.Next());
                using LineReader said = new(fio.StandardOutput);
                using LineReader complained = new(fio.StandardError);
                var kill = 0;
                var clock = Stopwatch.StartNew();
                while (!fio.WaitForExit(20))
                {
                    Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), $"fio {name} does not end; seed {seed}\n{scene.Log}");
                    if (clock.Elapsed > killAt)
                    {
                        scene.FindServer();
                        scene.KillServer();
                        scene.WaitForSuccessor();
                        sinceKill.Restart();
                        killAt = clock.Elapsed + BetweenDeaths;
                        kill++;
                    }
                }

                Assert.True(
                    fio.ExitCode == 0 && !complained.Lines.Any(line => line.Contains("verify", StringComparison.Ordinal)),
                    $"fio {name} in {folder} ended with {fio.ExitCode}, seed {seed}: {string.Join('\n', complained.Lines)}\n{string.Join('\n', said.Lines)}\n{scene.Log}");
                kills[name] = kills.GetValueOrDefault(name) + kill;
                output.WriteLine($"{name} in {Path.GetFileName(folder)}: {clock.Elapsed.TotalSeconds:n1} s, {kill} kills");
            }
        }

        scene.FindServer();
        scene.Unmount();
        Assert.True(kills.Values.All(count => count > 0), $"inconclusive, seed {seed}: no kill with {string.Join(", ", kills.Where(kill => kill.Value == 0).Select(kill => kill.Key))}");
    }

    /// <summary>Two processes write and read, then all is verified.</summary>
    private static Process Start(string folder, string[] way, int seed)
    {
        var fio = Process.Start(new ProcessStartInfo(
            "fio",
            [
                "--name=verified", $"--directory={folder}", "--size=24M", "--rw=randrw", "--rwmixwrite=70", "--bsrange=1k-32k",
                "--bs_unaligned", "--numjobs=2", "--verify=crc32c", "--do_verify=1", "--verify_fatal=1", "--group_reporting", $"--randseed={seed}", "--end_fsync=1",
                .. way,
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        fio.StandardInput.Close();
        return fio;
    }
}

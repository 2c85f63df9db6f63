using System.Diagnostics;
using System.Globalization;
using Adit.Checking;
using Adit.Fuse.Tests.Mounts;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Soak;

/// <summary>Everything at once on one volume: writers, pins, views, truncations, punches, syncs, evictions, copies, and programs on a mount of it. What
/// is known of each page must hold at every look and at the end, and nothing may be left behind.</summary>
[Collection(MountCollection.Name)]
public sealed class SoakTests(ITestOutputHelper output)
{
    /// <summary>Seconds of the long run, when the environment says it.</summary>
    public const string SecondsVariable = "ADIT_SOAK_SECONDS";

    private const int LongSeconds = 1800;
    private const int ShortSeconds = 10;
    private const int Writers = 2;
    private const int Clients = 2;
    private const string ClientRounds = "client rounds";

    /// <summary>What a run must have met: without these it has shown nothing.</summary>
    private static readonly string[] Dangers =
    [
        "layout breaks", "waits for pins", "write-backs", "detachments", "huge faults", "page faults", "cancelled", "truncate: EBUSY", "write", "store by pin",
        "store by view", "punch", "zero", "collapse", "insert", "copy", "sync", "eviction", "view", ClientRounds,
    ];

    [MountFact]
    public void Everything_at_once_for_some_seconds_leaves_a_sound_volume() => Run(TimeSpan.FromSeconds(ShortSeconds), seed: 1);

    [MountFact]
    [Trait("Tier", "long")]
    public void Everything_at_once_for_half_an_hour_leaves_a_sound_volume()
    {
        string? asked = Environment.GetEnvironmentVariable(SecondsVariable);
        int seconds = asked is null ? LongSeconds : int.Parse(asked, CultureInfo.InvariantCulture);
        Run(TimeSpan.FromSeconds(seconds), seed: Environment.TickCount & 0xFFFF);
    }

    private void Run(TimeSpan duration, int seed)
    {
        output.WriteLine($"seed {seed}, {duration.TotalSeconds} s");
        using SoakStage stage = new();
        SortedDictionary<string, long> counts;
        ProcessFootprint early;
        ProcessFootprint late;
        using (TestMount mount = new(nodes: stage.Volume, limit: duration + TimeSpan.FromMinutes(5)))
        {
            ShellProcess[] clients = [.. Enumerable.Range(0, Clients).Select(number => mount.Start(ClientScript(number)))];
            try
            {
                // The first tenth warms up: pools, tables, code.
                Turn(stage, duration / 10, seed);
                early = ProcessFootprint.Take();
                Turn(stage, duration * 0.9, seed + 1000);

                // On a busy machine some dangers come late.
                for (int more = 0; more < 10 && Unmet(stage.ReadCounts(), but: ClientRounds).Length != 0; more++)
                {
                    Turn(stage, TimeSpan.FromSeconds(5), seed + 2000 + more);
                }

                late = ProcessFootprint.Take();
                File.WriteAllText(Path.Combine(mount.Scratch, "stop"), "");
                foreach (ShellProcess client in clients)
                {
                    client.Wait(TimeSpan.FromSeconds(60), mount.Rescue).MustSucceed();
                }
            }
            finally
            {
                Array.ForEach(clients, client => client.Dispose());
            }

            for (int number = 0; number < Clients; number++)
            {
                stage.Count(ClientRounds, long.Parse(File.ReadAllText(Path.Combine(mount.Scratch, $"rounds{number}")), CultureInfo.InvariantCulture));
            }

            counts = stage.ReadCounts();
            foreach ((string what, long times) in counts)
            {
                output.WriteLine($"{what}: {times}");
            }

            output.WriteLine($"early {early}, late {late}");
            CheckContent(stage);
        }

        Assert.Equal(0, counts["pins left"]);
        Assert.InRange(late.Descriptors, 0, early.Descriptors + 16);
        Assert.InRange(late.Mappings, 0, early.Mappings + 400);
        Assert.InRange(late.ManagedBytes, 0, early.ManagedBytes + (24 << 20));
        CheckReopened(stage);
        string[] unmet = Unmet(counts);
        Assert.True(unmet.Length == 0, $"inconclusive, seed {seed}: the run never met {string.Join(", ", unmet)}");
    }

    private static string[] Unmet(SortedDictionary<string, long> counts, string? but = null) =>
        [.. Dangers.Where(danger => danger != but && counts.GetValueOrDefault(danger) == 0)];

    /// <summary>All roles for some time, each on a thread of its own; the first failure ends all.</summary>
    private static void Turn(SoakStage stage, TimeSpan duration, int seed)
    {
        List<(string Name, Action<Random> Turn)> roles =
        [
            .. Enumerable.Range(0, Writers).Select(id => ($"writer {id}", (Action<Random>)(random => SoakRoles.Write(stage, random, id, Writers)))),
            ("pinner", random => SoakRoles.Look(stage, random)),
            ("second pinner", random => SoakRoles.Look(stage, random)),
            ("view storer", random => SoakRoles.StoreThroughView(stage, random)),
            ("truncater", random => SoakRoles.Truncate(stage, random)),
            ("puncher", random => SoakRoles.ChangeBlocks(stage, random)),
            ("mover", random => SoakRoles.Move(stage, random)),
            ("copier", random => SoakRoles.Copy(stage, random)),
            ("syncer", random => SoakRoles.Sync(stage, random)),
            ("evicter", random => SoakRoles.Evict(stage, random)),
        ];
        Exception? failure = null;
        long started = Stopwatch.GetTimestamp();
        Thread[] threads = [.. roles.Select((role, number) => new Thread(() =>
        {
            Random random = new((seed * 100) + number);
            try
            {
                while (Stopwatch.GetElapsedTime(started) < duration && Volatile.Read(ref failure) is null)
                {
                    role.Turn(random);
                }
            }
            catch (Exception thrown)
            {
                Interlocked.CompareExchange(ref failure, new InvalidOperationException($"{role.Name}, seed {seed}: {thrown.Message}", thrown), null);
            }
        })
        { IsBackground = true, Name = role.Name })];
        Array.ForEach(threads, thread => thread.Start());
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(duration + TimeSpan.FromSeconds(90)), $"seed {seed}: the {thread.Name} hangs");
        }

        Assert.True(failure is null, failure?.ToString());
    }

    private static void CheckContent(SoakStage stage)
    {
        byte[] page = new byte[SoakStage.Page];
        for (int number = 0; number < SoakStage.ModelFiles; number++)
        {
            CheckModel(stage.Model[number], number, stage.Versions[number]);
        }

        for (int at = 0; at < stage.Order.Count; at++)
        {
            Assert.Equal(page.Length, stage.Moved.Read((long)at * page.Length, page));
            Assert.True(StampedPage.Is(page, StampedPage.Word(SoakStage.MovedFile, 0, stage.Order[at])), $"page {at} of the moved file");
        }

        Assert.Equal((long)stage.Order.Count * page.Length, stage.Moved.Length);
        CheckOwners(stage.Cut, SoakStage.CutFile);
        CheckOwners(stage.Viewed, SoakStage.ViewFile);
    }

    private static void CheckModel(AditFile file, int number, uint[] versions)
    {
        byte[] page = new byte[SoakStage.Page];
        for (int at = 0; at < versions.Length; at++)
        {
            Assert.Equal(page.Length, file.Read((long)at * page.Length, page));
            Assert.True(StampedPage.Is(page, StampedPage.Word(number, at, versions[at])), $"page {at} of {file.Path} is not version {versions[at]}");
        }
    }

    private static void CheckOwners(AditFile file, int number)
    {
        byte[] page = new byte[SoakStage.Page];
        for (int at = 0; at < file.Length / page.Length; at++)
        {
            Assert.Equal(page.Length, file.Read((long)at * page.Length, page));
            Assert.True(StampedPage.IsOwn(page, number, at), $"page {at} of {file.Path} shows another's bytes");
        }
    }

    /// <summary>After a close in good order the volume is sound and holds the same.</summary>
    private static void CheckReopened(SoakStage stage)
    {
        stage.Volume.Dispose();
        using Volume again = stage.Open();
        CheckReport report = VolumeChecker.Check(again.Store);
        Assert.True(report.IsSound, string.Join(Environment.NewLine, report.Findings));
        for (int number = 0; number < SoakStage.ModelFiles; number++)
        {
            using AditFile file = again.OpenFile($"/model{number}");
            CheckModel(file, number, stage.Versions[number]);
        }
    }

    /// <summary>Programs on the mount, which know what their own files hold, and read those that the library changes.</summary>
    private static string ClientScript(int number) => $$"""
        cd mnt/m
        head -c 300000 /dev/urandom > ../../scratch/source{{number}}
        src=../../scratch/source{{number}}
        i=0
        echo 0 > ../../scratch/rounds{{number}}
        while [ ! -e ../../scratch/stop ]; do
            i=$((i + 1))
            size=$((i * 977 % 299000 + 1))
            head -c $size $src > a{{number}}
            cp a{{number}} b{{number}}
            cmp a{{number}} b{{number}}
            mv b{{number}} c{{number}}
            cut=$((size / 3))
            truncate -s $cut c{{number}}
            [ "$(stat -c %s c{{number}})" = $cut ]
            head -c $cut $src | cmp - c{{number}}
            dd if=a{{number}} of=d{{number}} bs=64k conv=fsync 2>/dev/null
            cmp a{{number}} d{{number}}
            printf tail >> d{{number}}
            [ "$(tail -c 4 d{{number}})" = tail ]
            cat ../model0 ../cut ../viewed > /dev/null
            ls -l . ../e > /dev/null 2>&1 || true
            rm c{{number}} d{{number}}
            echo $i > ../../scratch/rounds{{number}}
        done
        """;
}

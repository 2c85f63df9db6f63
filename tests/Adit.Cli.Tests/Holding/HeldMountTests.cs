using System.Diagnostics;
using System.Globalization;
using Adit.Fuse.Mounting;
using Adit.Interop.Linux;
using Xunit.Abstractions;
using static Adit.Cli.Tests.Holding.OpenFiles;

namespace Adit.Cli.Tests.Holding;

/// <summary>Mounts whose server is killed or replaced while programs use them.</summary>
public sealed class HeldMountTests(ITestOutputHelper output)
{
    [MountFact]
    public void Killed_server_of_a_file_costs_its_clients_a_pause_and_nothing_else() => KillUnderLoad("file", kills: 2, seed: 1);

    [MountFact]
    public void Killed_server_of_emulated_persistent_memory_costs_its_clients_a_pause_and_nothing_else() => KillUnderLoad("pmem-emulated", kills: 1, seed: 2);

    [MountFact]
    [Trait("Tier", "long")]
    public void Server_of_a_file_killed_twenty_times_costs_its_clients_nothing() => KillUnderLoad("file", kills: 20, seed: 3);

    [MountFact]
    [Trait("Tier", "long")]
    public void Server_of_emulated_persistent_memory_killed_twenty_times_costs_its_clients_nothing() => KillUnderLoad("pmem-emulated", kills: 20, seed: 4);

    [MountFact]
    public void Killed_server_leaves_files_without_names_and_locks_to_the_next()
    {
        using HeldScene scene = new();
        using var gone = Open(scene["gone"], Posix.CreateNew);
        using var unnamed = Open(scene.Mount, Posix.Unnamed);
        using var locked = Open(scene["locked"], Posix.CreateNew);
        using var rival = Open(scene["locked"], Posix.ReadWrite);
        Write(gone, "kept");
        Write(unnamed, "never named");
        Assert.Equal(0, Posix.unlink(scene["gone"]));
        Assert.Equal(0, Libc.flock(locked, Libc.LOCK_EX | Libc.LOCK_NB));

        scene.KillServer();
        Assert.Equal("kept", Read(gone));
        Write(gone, "kept and changed");
        Assert.Equal("kept and changed", Read(gone));
        Assert.Equal("never named", Read(unnamed));
        Assert.NotEqual(0, Libc.flock(rival, Libc.LOCK_EX | Libc.LOCK_NB));
        Assert.Equal(0, Libc.flock(locked, Libc.LOCK_UN));
        Assert.Equal(0, Libc.flock(rival, Libc.LOCK_EX | Libc.LOCK_NB));
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{unnamed.DangerousNumber}");
        Assert.Equal(0, Posix.linkat(-100, path, -100, scene["named"], 0x400));
        scene.WaitForSuccessor();
        gone.Dispose();
        unnamed.Dispose();
        locked.Dispose();
        rival.Dispose();
        Assert.Equal("never named", File.ReadAllText(scene["named"]));
        Assert.Equal(["locked", "named"], Directory.EnumerateFiles(scene.Mount).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        scene.Unmount();
    }

    [MountFact]
    public void Killed_server_leaves_a_time_that_was_set_after_a_write_and_records_that_of_a_write_after()
    {
        using HeldScene scene = new();
        DateTime set = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        using var before = Open(scene["written-before"], Posix.CreateNew);
        using var after = Open(scene["written-after"], Posix.CreateNew);
        Write(before, "text");
        Write(after, "text");
        Write(before, "more");
        File.SetLastWriteTimeUtc(scene["written-before"], set);
        File.SetLastWriteTimeUtc(scene["written-after"], set);
        Write(after, "more");

        scene.KillServer();
        Assert.Equal(set, ModifyTime(scene["written-before"]));
        Assert.InRange(ModifyTime(scene["written-after"]), DateTime.UtcNow.AddMinutes(-10), DateTime.UtcNow);
        scene.WaitForSuccessor();
        before.Dispose();
        after.Dispose();
        scene.Unmount();
    }

    [MountFact]
    public void Server_that_dies_again_and_again_is_given_up_and_the_log_says_so()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "kept");

        // On a busy machine a successor may take so long that the first death is forgotten.
        for (var death = 1; death < 20 && !HeldScene.HasEnded(scene.HolderPid); death++)
        {
            scene.KillServer();
            scene.WaitForSuccessorOrEnd();
        }

        Assert.True(HeldScene.HasEnded(scene.HolderPid), "the holder goes on");
        Assert.Null(MountTable.Find(scene.Mount));
        Assert.Contains("given up", scene.Log, StringComparison.Ordinal);
        AditTool.Run("fsck", scene.Volume).Expect(0);
    }

    [MountFact]
    public void Server_whose_holder_was_killed_serves_on_and_ends_in_order()
    {
        using HeldScene scene = new();
        HeldScene.Kill(scene.HolderPid);

        File.WriteAllText(scene["file"], "text");
        Assert.Contains("no holder", AditTool.Run("upgrade", scene.Mount).Expect(1).Errors, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => scene.Log.Contains("is gone", StringComparison.Ordinal), TimeSpan.FromSeconds(10)), "the log says nothing");
        scene.Unmount();
        Assert.Equal("text", AditTool.Run("cat", scene.Volume + ":/file").Expect(0).Output);
    }

    [MountFact]
    public void Foreground_mount_whose_first_process_is_killed_ends_in_order()
    {
        using TestFolder folder = new();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        using var first = AditTool.Start("mount", volume, mount, "--foreground");
        var line = first.StandardOutput.ReadLineAsync();
        Assert.True(line.Wait(TimeSpan.FromSeconds(60)));
        File.WriteAllText(Path.Combine(mount, "file"), "text");
        first.Kill();

        Assert.True(SpinWait.SpinUntil(() => MountTable.Find(mount) is null, TimeSpan.FromSeconds(30)), "the mount stays");
        Assert.True(SpinWait.SpinUntil(() => AditTool.Run("cat", volume + ":/file").Output == "text", TimeSpan.FromSeconds(30)), "the volume is not free");
        Assert.True(AditTool.Run("info", volume, "--json").Expect(0).Json.GetProperty("was_clean").GetBoolean());
    }

    [MountFact]
    public void Upgrade_under_load_costs_clients_a_pause_and_nothing_else()
    {
        using HeldScene scene = new();
        var loads = StartLoads(scene, seed: 5);
        Thread.Sleep(300);
        var report = AditTool.Run("upgrade", scene.Mount, "--json").Expect(0).Json;
        Thread.Sleep(300);
        output.WriteLine(report.ToString());

        Assert.Equal(scene.ServerPid, report.GetProperty("old_pid").GetInt32());
        Assert.True(HeldScene.HasEnded(scene.ServerPid), "the server before goes on");
        var server = AditTool.Run("info", scene.Mount, "--json").Expect(0).Json.GetProperty("server");
        Assert.Equal(1, server.GetProperty("take_over_count").GetInt32());
        Assert.True(server.GetProperty("has_successor").GetBoolean());
        scene.WaitForSuccessor();
        Assert.Equal(scene.ServerPid, report.GetProperty("owner_pid").GetInt32());

        // Nothing was to be recovered: the server before closed the volume in order.
        Assert.True(AditTool.Run("info", scene.Mount, "--json").Expect(0).Json.GetProperty("was_clean").GetBoolean());
        Assert.DoesNotContain("died", scene.Log, StringComparison.Ordinal);
        Stop(loads);
        scene.Unmount();
    }

    [MountFact]
    public void Server_that_dies_after_an_upgrade_is_followed_by_the_new_program()
    {
        using HeldScene scene = new();
        var starts = scene.InFolder("starts");
        Assert.Null(scene.AskForUpgrade(scene.MakeProgram("newer", $"echo start >> '{starts}'; exec dotnet '{AditTool.Assembly}' \"$@\"")).Error);
        scene.WaitForSuccessor();
        scene.KillServer();
        scene.WaitForSuccessor();
        Assert.Equal(2, File.ReadLines(starts).Count());
        scene.Unmount();
    }

    [MountFact]
    public void Upgrade_that_cannot_be_leaves_the_server_before()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "text");
        Assert.Contains("no mount point", AditTool.Run("upgrade", scene.InFolder("elsewhere")).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains("did not start", scene.AskForUpgrade("/bin/false").Error, StringComparison.Ordinal);
        Assert.Contains("version", scene.AskForUpgrade(77, "/bin/true").Error, StringComparison.Ordinal);
        Assert.Contains("serves on", scene.AskForUpgrade(scene.InFolder("missing")).Error, StringComparison.Ordinal);

        var before = scene.ServerPid;
        Assert.Equal("text", File.ReadAllText(scene["file"]));
        Assert.Equal(before, AditTool.Run("info", scene.Mount, "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32());
        scene.Unmount();
    }

    private void KillUnderLoad(string medium, int kills, int seed)
    {
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        using HeldScene scene = new(medium, TimeSpan.FromMinutes(2 + kills));
        var loads = StartLoads(scene, seed);
        for (var kill = 0; kill < kills; kill++)
        {
            // Three deaths within ten seconds are one too many.
            Thread.Sleep(random.Next(200, 700) + (kill < 2 ? 0 : kill == 2 ? 10_000 : 5500));
            var before = loads.Sum(load => load.OperationCount);
            scene.KillServer();
            var clock = Stopwatch.StartNew();
            scene.WaitForSuccessor();
            output.WriteLine($"kill {kill}: {before} operations before, {clock.ElapsedMilliseconds} ms until another server answered");
            Assert.All(loads, load => Assert.Null(load.Failure));
        }

        Thread.Sleep(200);
        Stop(loads);
        scene.Unmount();
    }

    private static List<VerifiedLoad> StartLoads(HeldScene scene, int seed)
    {
        List<VerifiedLoad> loads = [.. Enumerable.Range(0, 3).Select(index => new VerifiedLoad(scene[$"load-{index}"], (seed * 10) + index))];
        Assert.True(SpinWait.SpinUntil(() => loads.All(load => load.OperationCount > 5 || load.Failure is not null), TimeSpan.FromSeconds(60)), "the load does not begin");
        return loads;
    }

    private void Stop(List<VerifiedLoad> loads)
    {
        var failures = loads.Select(load => load.StopAndCompare()).ToList();
        output.WriteLine($"{loads.Sum(load => load.OperationCount)} operations");
        Assert.All(failures, failure => Assert.Null(failure));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Adit.Cli.Owners;
using Adit.Interop.Linux;

namespace Adit.Cli.Tests;

/// <summary>Mounts by the real tool, and commands that go through the owner of a mounted volume.</summary>
public sealed class MountTests
{
    [MountFact]
    public void Mount_answers_when_it_returns_and_umount_leaves_everything_durable()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");

        var mounted = AditTool.Run("mount", volume, mount, "--json").Expect(0).Json;
        File.WriteAllText(Path.Combine(mount, "hello"), "hello");
        AditTool.Run("umount", mount).Expect(0);

        Assert.False(IsAlive(mounted.GetProperty("owner_pid").GetInt32()), "the owner has not ended");
        Assert.Equal("hello", AditTool.Run("cat", volume + ":/hello").Expect(0).Output);
        Assert.True(AditTool.Run("info", volume, "--json").Expect(0).Json.GetProperty("was_clean").GetBoolean());
    }

    [MountFact]
    public void Commands_on_a_mounted_volume_go_through_its_owner()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        var file = folder.MakeFile("file", 3 << 20);
        var pid = AditTool.Run("mount", volume, mount, "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32();

        AditTool.Run("mkdir", volume + ":/a").Expect(0);
        AditTool.Run("cp", file, volume + ":/a/file").Expect(0);
        AditTool.Run("mv", Path.Combine(mount, "a", "file"), Path.Combine(mount, "a", "moved")).Expect(0);
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(mount, "a", "moved")));
        Assert.Equal("moved\n", AditTool.Run("ls", volume + ":/a").Expect(0).Output);
        Assert.Equal(3 << 20, AditTool.Run("stat", volume + ":/a/moved", "--json").Expect(0).Json.GetProperty("size").GetInt64());
        Assert.Equal(3 << 20, AditTool.Run("stat", Path.Combine(mount, "a", "moved"), "--json").Expect(0).Json.GetProperty("size").GetInt64());
        foreach (var operand in new[] { volume, mount })
        {
            Assert.Equal(pid, AditTool.Run("info", operand, "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32());
        }

        Assert.Equal(1, AditTool.Run("map", mount, "--json").Expect(0).Json.GetProperty("files").GetInt64());
        AditTool.Run("fsck", mount).Expect(0);
        AditTool.Run("rm", "-r", volume + ":/a").Expect(0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(mount));
        Assert.Contains("ENOENT", AditTool.Run("ls", volume + ":/a").Expect(1).Errors, StringComparison.Ordinal);
        AditTool.Run("umount", volume).Expect(0);
    }

    [MountFact]
    public void Second_mount_and_mkfs_of_a_mounted_volume_are_busy()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        var elsewhere = folder.MakeDirectory("elsewhere");
        var pid = AditTool.Run("mount", volume, mount, "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32();

        var second = AditTool.Run("mount", volume, elsewhere).Expect(4);
        var other = folder.MakeVolume("other.adit");
        AditTool.Run("mount", other, mount).Expect(4);
        AditTool.Run("mkfs", volume, "--force").Expect(4);
        AditTool.Run("mkfs", mount, "--force").Expect(4);
        AditTool.Run("umount", mount).Expect(0);

        Assert.Contains(pid.ToString(CultureInfo.InvariantCulture), second.Errors, StringComparison.Ordinal);
        AditTool.Run("mount", volume, elsewhere).Expect(0);
        AditTool.Run("umount", elsewhere).Expect(0);
    }

    [MountFact]
    public void Mount_point_that_is_missing_or_a_file_is_named()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        File.WriteAllText(folder["file"], "");

        Assert.Contains("missing", AditTool.Run("mount", volume, folder["missing"]).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains("not a directory", AditTool.Run("mount", volume, folder["file"]).Expect(1).Errors, StringComparison.Ordinal);
        AditTool.Run("umount", folder["file"]).Expect(1);
        AditTool.Run("info", volume).Expect(0);
    }

    [MountFact]
    public void Umount_of_a_mount_in_use_is_busy_and_says_by_whom()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        AditTool.Run("mount", volume, mount).Expect(0);
        using (File.Create(Path.Combine(mount, "open")))
        {
            var result = AditTool.Run("umount", mount).Expect(4);
            Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), result.Errors, StringComparison.Ordinal);
        }

        AditTool.Run("umount", mount).Expect(0);
    }

    [MountFact]
    public void Read_only_mount_changes_nothing()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        AditTool.Run("mkdir", volume + ":/kept").Expect(0);
        var before = File.ReadAllBytes(volume);
        var mount = folder.MakeDirectory("mnt");

        AditTool.Run("mount", volume, mount, "-o", "ro").Expect(0);
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(mount, "x"), "x"));
        Assert.Contains("EROFS", AditTool.Run("mkdir", volume + ":/x").Expect(1).Errors, StringComparison.Ordinal);
        AditTool.Run("umount", mount).Expect(0);

        Assert.Equal(before, File.ReadAllBytes(volume));
    }

    [MountFact]
    public void Mount_over_io_uring_has_no_holder_and_one_that_cannot_be_says_why_and_has_one()
    {
        const string Switch = "/sys/module/fuse/parameters/enable_uring";
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");

        // The tests of the mount set the switch meanwhile, with this lock.
        using var guard = Libc.open(Path.GetDirectoryName(Switch)!, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        Assert.True(guard.IsInvalid || SpinWait.SpinUntil(() => Libc.flock(guard, Libc.LOCK_EX | Libc.LOCK_NB) == 0, TimeSpan.FromSeconds(60)), "another test keeps the switch");
        var isOn = File.Exists(Switch) && File.ReadAllText(Switch).Trim() == "Y";

        var said = AditTool.Run("mount", volume, mount, "-o", "io_uring").Expect(0).Errors;
        var upgraded = AditTool.Run("upgrade", mount);
        AditTool.Run("umount", mount).Expect(0);

        // The switch is the machine's, and is left as it is: either answer has to be the whole truth.
        Assert.Contains(isOn ? "there is no holder" : File.Exists(Switch) ? $"echo Y > {Switch}" : "this kernel has no FUSE over io_uring", said, StringComparison.Ordinal);
        Assert.Equal(isOn ? 1 : 0, upgraded.ExitCode);
    }

    [MountFact]
    public void Killed_owner_leaves_a_mount_that_umount_takes_away_and_a_volume_that_opens()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        var pid = AditTool.Run("mount", volume, mount, "--no-holder", "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32();
        using (var file = File.Create(Path.Combine(mount, "synced")))
        {
            file.Write("kept"u8);
            file.Flush(flushToDisk: true);
        }

        using (var owner = Process.GetProcessById(pid))
        {
            owner.Kill();
        }

        Assert.True(SpinWait.SpinUntil(() => !IsAlive(pid), TimeSpan.FromSeconds(10)));
        AditTool.Run("info", mount).Expect(4);
        Assert.Contains("gone", AditTool.Run("umount", mount).Expect(0).Errors, StringComparison.Ordinal);
        Assert.Equal("kept", AditTool.Run("cat", volume + ":/synced").Expect(0).Output);
        AditTool.Run("fsck", volume).Expect(0);
    }

    [MountFact]
    public void Clients_that_send_nonsense_or_die_do_not_hurt_the_owner()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        AditTool.Run("mount", volume, mount).Expect(0);
        var random = new Random(1);
        for (var client = 0; client < 60; client++)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(OwnerAddress.Of(volume)!);
            var nonsense = new byte[random.Next(1, 100)];
            random.NextBytes(nonsense);
            try
            {
                socket.Send(nonsense);
            }
            catch (SocketException refused) when (refused.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset)
            {
                // The owner had enough clients for the moment and hung up: that is an answer, too.
            }
        }

        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Connect(OwnerAddress.Of(volume)!);

        AditTool.Run("info", volume).Expect(0);
        AditTool.Run("umount", mount).Expect(0);
    }

    [MountFact]
    public void Foreground_mount_ends_at_a_signal_and_at_umount()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        foreach (var byCommand in new[] { false, true })
        {
            using var server = AditTool.Start("mount", volume, mount, "--foreground");
            Assert.Contains("is mounted at", ReadLine(server), StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(mount, "file"), "text");
            if (byCommand)
            {
                AditTool.Run("umount", mount).Expect(0);
            }
            else
            {
                Signal(server.Id, "TERM");
            }

            Assert.True(server.WaitForExit(TimeSpan.FromSeconds(20)), "the server goes on");
            Assert.Equal(0, server.ExitCode);
            Assert.Empty(Directory.EnumerateFileSystemEntries(mount));
        }

        Assert.True(AditTool.Run("info", volume, "--json").Expect(0).Json.GetProperty("was_clean").GetBoolean());
    }

    [MountFact]
    public void Up_makes_a_volume_serves_it_and_ends_cleanly_at_each_signal()
    {
        using var folder = new TestFolder();
        foreach (var signal in new[] { "INT", "TERM", "HUP" })
        {
            using var up = AditTool.Start("up", folder["pool"]);
            Assert.Contains(folder["pool/mnt"], ReadLine(up), StringComparison.Ordinal);
            File.AppendAllText(folder["pool/mnt/signals"], signal);
            Signal(up.Id, signal);
            Assert.True(up.WaitForExit(TimeSpan.FromSeconds(20)), $"up goes on after SIG{signal}");
            Assert.Equal(0, up.ExitCode);
        }

        Assert.Equal(1L << 30, new FileInfo(folder["pool/pool.adit"]).Length);
        Assert.Equal("INTTERMHUP", AditTool.Run("cat", folder["pool/pool.adit"] + ":/signals").Expect(0).Output);
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Signal(int pid, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        Assert.True(kill.WaitForExit(TimeSpan.FromSeconds(5)));
    }

    private static string ReadLine(Process process)
    {
        var line = process.StandardOutput.ReadLineAsync();
        if (!line.Wait(TimeSpan.FromSeconds(60)))
        {
            var threads = string.Join(", ", Directory.EnumerateDirectories($"/proc/{process.Id}/task").Select(task =>
                $"{File.ReadAllText(task + "/comm").Trim()} in {File.ReadAllText(task + "/wchan")}"));
            process.Kill(entireProcessTree: true);
            Assert.Fail($"the server said nothing for 60 s; its threads: {threads}; it wrote: {process.StandardError.ReadToEnd()}");
        }

        return line.Result ?? process.StandardError.ReadToEnd();
    }
}

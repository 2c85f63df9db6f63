using System.Diagnostics;
using Adit.Fuse.Mounting;
using Adit.Interop;
using Adit.Interop.Linux;
using static Adit.Cli.Tests.Holding.OpenFiles;

namespace Adit.Cli.Tests.Holding;

/// <summary>Mounts that get other options while they are used.</summary>
public sealed class RemountTests
{
    [MountFact]
    public void Words_of_the_server_hold_from_the_remount_on_and_what_is_open_stays_open()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "text");
        using var gone = Open(scene["gone"], Posix.CreateNew);
        using var locked = Open(scene["locked"], Posix.CreateNew);
        using var rival = Open(scene["locked"], Posix.ReadWrite);
        Write(gone, "kept");
        Assert.Equal(0, Posix.unlink(scene["gone"]));
        Assert.Equal(0, Libc.flock(locked, Libc.LOCK_EX | Libc.LOCK_NB));
        Assert.True(ReadingMovesTheAccessTime(scene["file"]));
        Assert.False(scene.Information.CommitsAreDurable);

        scene.MustRemount("noatime,sync,nopreview,threads=7");
        Assert.False(ReadingMovesTheAccessTime(scene["file"]));
        Assert.True(scene.Information.CommitsAreDurable);
        Assert.True(scene.Information.RefusesPreviews);
        Assert.Equal(7, ReaderCount(scene.ServerPid));
        Assert.Equal(["rw", "sync", "noatime", "dax=inode", "nopreview", "threads=7"], scene.Options);

        // What is not said stays.
        scene.MustRemount("preview,dax=never");
        Assert.Equal(["rw", "sync", "noatime", "dax=never", "threads=7"], scene.Options);
        Assert.Equal("private", State(scene, "file"));
        Write(gone, "kept and changed");
        Assert.Equal("kept and changed", Read(gone));
        Assert.NotEqual(0, Libc.flock(rival, Libc.LOCK_EX | Libc.LOCK_NB));

        // The servers that come later have the same options.
        scene.KillServer();
        scene.WaitForSuccessor();
        Assert.Equal(["rw", "sync", "noatime", "dax=never", "threads=7"], scene.Options);
        AditTool.Run("upgrade", scene.Mount).Expect(0);
        scene.FindServer();
        Assert.Equal(["rw", "sync", "noatime", "dax=never", "threads=7"], scene.Options);
        Assert.Equal("private", State(scene, "file"));
        Assert.False(ReadingMovesTheAccessTime(scene["file"]));
        Assert.Equal("kept and changed", Read(gone));

        var said = AditTool.Run("mount", "-o", "remount,strictatime,nodiratime,async", "-o", "dax=always", scene.Mount).Expect(0).Output;
        Assert.Contains("rw,strictatime,nodiratime,dax=always,threads=7", said, StringComparison.Ordinal);
        scene.FindServer();
        Assert.Equal("direct", State(scene, "file"));
        Assert.True(ReadingMovesTheAccessTime(scene["file"]));
        Assert.False(scene.Information.CommitsAreDurable);
        Assert.Contains("nodiratime", Line(scene), StringComparison.Ordinal);
        Assert.DoesNotContain("relatime", Line(scene), StringComparison.Ordinal);
        gone.Dispose();
        locked.Dispose();
        rival.Dispose();
        scene.Unmount();
    }

    [MountFact]
    public void Read_only_mount_changes_nothing_on_the_medium_and_becomes_writable_again()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "text");
        var link = scene["removed"];
        using (var writer = Open(scene["file"], Posix.ReadWrite))
        {
            var reply = scene.Remount("ro,noatime");
            Assert.Equal(Errno.EBUSY, reply.Errno);
            Assert.Contains("open for writing", reply.Error, StringComparison.Ordinal);
            Write(writer, "text");
        }

        File.WriteAllText(link, "removed");
        using (Open(link, OpenFlags.O_RDONLY))
        {
            Assert.Equal(0, Posix.unlink(link));
            Assert.Equal(Errno.EBUSY, scene.Remount("ro").Errno);
        }

        Assert.Equal(["rw", "relatime", "dax=inode"], scene.Options);
        using var reader = Open(scene["file"], OpenFlags.O_RDONLY);
        RemountWhenNothingIsOpen(scene, "ro,strictatime");
        Assert.StartsWith("ro,", Line(scene).Split(' ')[3], StringComparison.Ordinal);
        Assert.True(scene.Information.IsReadOnly);
        var bytes = Digest(scene.Volume);
        ExpectReadOnly(scene);
        Assert.Equal("text", Read(reader));
        Assert.False(ReadingMovesTheAccessTime(scene["file"]));
        Assert.Contains("read-only", AditTool.Run("chattr", "+S", scene["file"]).Expect(1).Errors, StringComparison.OrdinalIgnoreCase);
        scene.KillServer();
        scene.WaitForSuccessor();
        ExpectReadOnly(scene);

        // Who reads the volume beside the mount keeps it from being written.
        using (Volume.Open(scene.Volume, new VolumeOptions { ReadOnly = true }))
        {
            var reply = scene.Remount("rw");
            Assert.Contains("open for reading elsewhere", reply.Error, StringComparison.Ordinal);
            scene.FindServer();
            ExpectReadOnly(scene);
        }

        Assert.Equal(bytes, Digest(scene.Volume));
        Assert.Equal("text", Read(reader));
        scene.MustRemount("rw");
        ExpectWritable(scene);
        Assert.Throws<AditException>(() => Volume.Open(scene.Volume, new VolumeOptions { ReadOnly = true }).Dispose());
        Assert.Equal("text", Read(reader));
        scene.KillServer();
        scene.WaitForSuccessor();
        ExpectWritable(scene);
        reader.Dispose();
        scene.Unmount();
    }

    [MountFact]
    public void Mount_that_began_read_only_becomes_writable_when_its_volume_can_be_written()
    {
        using TestFolder outside = new();
        var folder = outside.MakeDirectory("medium");
        using HeldScene scene = new(volume: Path.Combine(folder, "pool.adit"), options: "ro", prepare: _ =>
        {
            Do("mount", "--bind", folder, folder);
            Do("mount", "-o", "remount,bind,ro", folder);
        });
        var first = scene.ServerPid;
        var reply = scene.Remount("rw");
        Assert.Equal(Errno.EROFS, reply.Errno);
        Assert.Contains("cannot be opened for writing", reply.Error, StringComparison.Ordinal);
        Assert.Equal(first, scene.FindServer());
        ExpectReadOnly(scene);

        Do("mount", "-o", "remount,bind,rw", folder);
        scene.MustRemount("rw,noexec");
        ExpectWritable(scene);
        Assert.Contains("noexec", Line(scene), StringComparison.Ordinal);
        AditTool.Run("upgrade", scene.Mount).Expect(0);
        scene.FindServer();
        ExpectWritable(scene);
        RemountWhenNothingIsOpen(scene, "ro");
        ExpectReadOnly(scene);
        scene.Unmount();
        Do("umount", folder);
    }

    [MountFact]
    public void Remount_that_comes_to_nothing_leaves_kernel_and_server_as_they_were()
    {
        using TestFolder folder = new();
        var tool = folder.CopyTool();
        using HeldScene scene = new(program: tool);

        // The kernel's part is done first and undone: the new server cannot have a volume like that.
        var reply = scene.Remount("ro,nosuid,dax=never,nopreview");
        Assert.Contains("dax=never", reply.Error, StringComparison.Ordinal);
        Assert.Contains("the one before serves again", reply.Error, StringComparison.Ordinal);
        scene.FindServer();
        ExpectWritable(scene);
        Assert.DoesNotContain("nosuid", Line(scene), StringComparison.Ordinal);

        // The program is not there any more: the server before is not asked to make way.
        File.Move(tool, tool + "-");
        reply = scene.Remount("ro");
        Assert.Contains("serves on", reply.Error, StringComparison.Ordinal);
        ExpectWritable(scene);
        File.Move(tool + "-", tool);
        RemountWhenNothingIsOpen(scene, "ro");
        File.Move(tool, tool + "-");
        reply = scene.Remount("rw");
        Assert.Contains("serves on", reply.Error, StringComparison.Ordinal);
        ExpectReadOnly(scene);
        File.Move(tool + "-", tool);
        scene.MustRemount("rw");
        ExpectWritable(scene);
        scene.Unmount();
    }

    [MountFact]
    public void Words_that_cannot_change_or_are_not_known_change_nothing()
    {
        using HeldScene scene = new();
        Assert.Contains("noallow_other: not to be changed", scene.Remount("ro,noallow_other").Error, StringComparison.Ordinal);
        Assert.Contains("frobnicate", AditTool.Run("mount", "-o", "remount,ro,frobnicate", scene.Mount).Expect(2).Errors, StringComparison.Ordinal);
        Assert.Contains("io_uring: not to be changed", scene.Remount("ro,io_uring").Error, StringComparison.Ordinal);
        Assert.Contains("frobnicate", scene.Remount("ro,frobnicate").Error, StringComparison.Ordinal);
        Assert.Contains("not of", AditTool.Run("mount", "-o", "remount,ro", scene.InFolder("other.adit"), scene.Mount).Expect(1).Errors, StringComparison.Ordinal);
        ExpectWritable(scene);
        Assert.Equal(["rw", "relatime", "dax=inode"], scene.Options);

        // What is as it is already is no change.
        var before = scene.ServerPid;
        scene.MustRemount("rw,relatime,allow_other,noio_uring,default_permissions,x-word");
        Assert.Equal(before, scene.FindServer());
        scene.Unmount();
    }

    [MountFact]
    public void Words_of_the_kernel_need_no_other_server_and_outlast_other_remounts()
    {
        using HeldScene scene = new();
        var before = scene.ServerPid;
        File.WriteAllText(scene["program"], "#!/bin/sh\n");
        File.SetUnixFileMode(scene["program"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Do(scene["program"]);
        scene.MustRemount("noexec,nodev");
        Assert.Equal(before, scene.FindServer());
        Assert.Throws<System.ComponentModel.Win32Exception>(() => Do(scene["program"]));
        Do("mount", "-i", "-o", "remount,noexec,nodev,nosuid", scene.Mount);
        scene.MustRemount("dax=always");
        Assert.Equal(["rw", "relatime", "dax=always", "nosuid", "nodev", "noexec"], scene.Options);
        Assert.Contains("nosuid,nodev,noexec", Line(scene), StringComparison.Ordinal);

        // Root has made it read-only in the kernel alone: the server can write, and nothing else changes when that ends.
        Do("mount", "-i", "-o", "remount,ro", scene.Mount);
        Assert.Contains("ro", scene.Options);
        scene.MustRemount("rw,exec,dev,suid");
        ExpectWritable(scene);
        Do(scene["program"]);
        scene.Unmount();
    }

    [MountFact]
    [Trait("Tier", "long")]
    public void Mount_without_a_holder_changes_what_the_kernel_alone_can_change()
    {
        using TestFolder folder = new();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        AditTool.Run("mount", volume, mount, "--no-holder").Expect(0);
        var refusal = AditTool.Run("mount", "-o", "remount,ro,dax=always", mount).Expect(1).Errors;
        Assert.Contains("dax=always: another server would have to go on", refusal, StringComparison.Ordinal);
        Assert.Contains("-o ro,relatime,dax=always", refusal, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(mount, "file"), "text");
        AditTool.Run("mount", volume, mount, "-o", "remount,ro,nosuid").Expect(0);
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(mount, "file"), "more"));
        AditTool.Run("mount", "-o", "remount,rw", mount).Expect(0);
        File.WriteAllText(Path.Combine(mount, "file"), "more");
        AditTool.Run("umount", mount).Expect(0);

        AditTool.Run("mount", volume, mount, "--no-holder", "-o", "ro").Expect(0);
        Assert.Contains("rw: another server", AditTool.Run("mount", "-o", "remount,rw", mount).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(mount, "file"), "text"));
        AditTool.Run("umount", mount).Expect(0);
        AditTool.Run("fsck", volume).Expect(0);
    }

    [MountFact]
    [Trait("Tier", "long")]
    public void Remount_under_load_costs_clients_a_pause_and_read_only_only_their_writing()
    {
        using HeldScene scene = new();
        List<VerifiedLoad> loads = [.. Enumerable.Range(0, 3).Select(index => new VerifiedLoad(scene[$"load-{index}"], 100 + index))];
        Assert.True(SpinWait.SpinUntil(() => loads.All(load => load.OperationCount > 5 || load.Failure is not null), TimeSpan.FromSeconds(60)), "the load does not begin");
        foreach (var words in new[] { "dax=never,noatime", "dax=always,sync", "async,dax=inode" })
        {
            scene.MustRemount(words);
            var before = loads.Sum(load => load.OperationCount);
            Assert.True(SpinWait.SpinUntil(() => loads.Sum(load => load.OperationCount) > before + 20 || loads.Any(load => load.Failure is not null), TimeSpan.FromSeconds(60)), "the load stands still");
            Assert.All(loads, load => Assert.Null(load.Failure));
        }

        // Until no file is open for writing just then.
        RemountWhenNothingIsOpen(scene, "ro");
        Assert.True(SpinWait.SpinUntil(() => loads.All(load => load.Failure is not null), TimeSpan.FromSeconds(60)), "the load goes on");
        Assert.All(loads, load => Assert.Contains(Errno.EROFS.Message(), load.Failure, StringComparison.Ordinal));
        scene.MustRemount("rw");
        ExpectWritable(scene);
        scene.Unmount();
    }

    [MountFact]
    [Trait("Tier", "long")]
    public void Server_that_dies_while_it_makes_way_for_a_reader_is_followed_by_one_that_recovers_the_volume()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "text");
        var before = scene.ServerPid;
        HeldScene.Stop(before);
        Thread killer = new(() =>
        {
            // The kernel writes back what it has first, which this server does not answer; it dies with the remount under way.
            Thread.Sleep(1500);
            HeldScene.Kill(before);
        });
        killer.Start();
        scene.MustRemount("ro");
        Assert.True(killer.Join(TimeSpan.FromSeconds(30)));
        Assert.NotEqual(before, scene.FindServer());
        ExpectReadOnly(scene);
        Assert.Equal("text", File.ReadAllText(scene["file"]));
        Assert.True(scene.Information.WasClean, "the volume was read before it was recovered");
        scene.Unmount();
    }

    private static void RemountWhenNothingIsOpen(HeldScene scene, string words)
    {
        // The kernel knows of the last close of a file only a moment after it.
        Cli.Holding.UpgradeReply? reply = null;
        Assert.True(SpinWait.SpinUntil(() => (reply = scene.Remount(words)).Errno != Errno.EBUSY, TimeSpan.FromSeconds(60)), reply?.Error);
        Assert.True(reply!.Error is null, reply.Error);
        scene.FindServer();
    }

    private static void ExpectReadOnly(HeldScene scene)
    {
        Assert.Equal("Read-only file system", Assert.Throws<IOException>(() => File.WriteAllText(scene["new"], "text")).Message.Split(" : ")[0]);
        Assert.NotEqual(0, Posix.mkdir(scene["new"], 0x1ED));
        Assert.Equal(Errno.EROFS, Libc.LastError);
        Assert.Contains("ro", scene.Options);
    }

    private static void ExpectWritable(HeldScene scene)
    {
        File.WriteAllText(scene["new"], "text");
        Assert.Equal("text", File.ReadAllText(scene["new"]));
        File.Delete(scene["new"]);
        Assert.Contains("rw", scene.Options);
        Assert.False(scene.Information.IsReadOnly);
    }

    private static string Line(HeldScene scene) => File.ReadLines("/proc/self/mounts").Last(line => line.Contains(scene.Mount, StringComparison.Ordinal));

    private static string State(HeldScene scene, string name) =>
        AditTool.Run("stat", scene[name], "--json").Expect(0).Json.GetProperty("dax_state").GetString()!;

    private static int ReaderCount(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task")
        .Count(task => File.ReadAllText(Path.Combine(task, "comm")) is { } name && name.StartsWith("adit-fuse-", StringComparison.Ordinal) && char.IsAsciiDigit(name[10]));

    private static bool ReadingMovesTheAccessTime(string path)
    {
        if (!IsReadOnly(path))
        {
            // The change of the time is itself a change later than it.
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow.AddHours(-1));
        }

        var before = AccessTime(path);
        _ = File.ReadAllText(path);
        return SpinWait.SpinUntil(() => AccessTime(path) != before, TimeSpan.FromMilliseconds(300));
    }

    private static bool IsReadOnly(string path) => (MountTable.Find(Path.GetDirectoryName(path)!)!.Flags & Libc.MS_RDONLY) != 0;

    private static string Digest(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(file));
    }

    private static void Do(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), $"{program} does not end");
        Assert.True(process.ExitCode == 0, errors.Result);
    }
}

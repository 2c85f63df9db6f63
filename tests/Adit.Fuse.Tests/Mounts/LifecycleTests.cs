using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Mounts;

[Collection(MountCollection.Name)]
public sealed class LifecycleTests
{
    [MountFact]
    public void Unmount_from_outside_ends_the_server_and_everything_is_still_there()
    {
        using TestMount mount = new();
        mount.Run("mkdir mnt/d; echo hello > mnt/d/f; umount mnt; ls mnt").MustSucceed();

        Assert.True(mount.Mount.WaitForEnd(TimeSpan.FromSeconds(10)));
        Assert.Equal(0, mount.Mount.GetStatistics().OpenFileCount);
        Assert.Equal(0, mount.Mount.GetStatistics().KnownInodeCount);
        mount.Remount();
        Assert.Equal("hello\n", mount.Run("cat mnt/d/f").MustSucceed().Output);
    }

    [MountFact]
    public void Unmount_from_outside_makes_everything_durable()
    {
        using Fakes.MemoryNodes nodes = new();
        using TestMount mount = new(nodes: nodes);
        mount.Run("echo hello > mnt/f").MustSucceed();
        int before = nodes.SyncCount;
        mount.Run("umount mnt").MustSucceed();

        Assert.True(mount.Mount.WaitForEnd(TimeSpan.FromSeconds(10)));
        Assert.Equal(before + 1, nodes.SyncCount);
    }

    [MountFact]
    public void Unmount_of_a_mount_in_use_says_by_whom_and_the_mount_goes_on()
    {
        using TestMount mount = new();
        using ShellProcess user = mount.Start("cd mnt; touch here; sleep 60");
        Assert.True(SpinWait.SpinUntil(() => mount.Run("test -e mnt/here").ExitCode == 0, TimeSpan.FromSeconds(10)));

        MountException error = Assert.Throws<MountException>(() => mount.Mount.Unmount());

        Assert.Equal(Errno.EBUSY, error.Errno);
        string name = $"({user.Id})";
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(name, Assert.Throws<MountException>(() => Unmounter.Unmount(mount.Path)).Message, StringComparison.Ordinal);
        mount.Run("echo works > mnt/f; cat mnt/f").MustSucceed();
    }

    [MountFact]
    public void Lazy_unmount_of_a_mount_in_use_cuts_its_users_off()
    {
        using TestMount mount = new();
        using ShellProcess user = mount.Start("exec 3> mnt/f; touch mnt/ready; while sleep 0.05; do echo x >&3 || exit 7; done");
        Assert.True(SpinWait.SpinUntil(() => mount.Run("test -e mnt/ready").ExitCode == 0, TimeSpan.FromSeconds(10)));

        mount.Mount.Unmount(lazily: true);

        Assert.True(mount.Mount.HasEnded);
        Assert.Null(MountTable.Find(mount.Path));
        Assert.Equal(7, user.Wait(TimeSpan.FromSeconds(20)).ExitCode);
    }

    [MountFact]
    public void Unmount_under_load_ends_or_says_busy_and_never_hangs()
    {
        using TestMount mount = new();
        using ShellProcess load = mount.Start("for job in 1 2 3 4; do (mkdir -p mnt/$job; while true; do dd if=/dev/zero of=mnt/$job/f bs=64k count=20 2>/dev/null; cat mnt/$job/f > /dev/null; rm mnt/$job/f; done) & done; wait");
        Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests.GetValueOrDefault("Write") > 200, TimeSpan.FromSeconds(20)), "no load");

        for (int attempt = 0; attempt < 20 && !mount.Mount.HasEnded; attempt++)
        {
            ShellResult tried = mount.Run("umount mnt", 20);
            Assert.False(tried.TimedOut);
            Assert.True(tried.ExitCode == 0 || tried.Errors.Contains("busy", StringComparison.Ordinal), tried.Errors);
            if (tried.ExitCode == 0)
            {
                // Gone from the tree; the server may still be finishing.
                break;
            }
        }

        mount.Mount.Unmount(lazily: true);
        Assert.True(mount.Mount.HasEnded);
    }

    [MountFact]
    public void Client_killed_in_the_middle_of_requests_leaves_nothing_open()
    {
        using TestMount mount = new();
        for (int round = 0; round < 10; round++)
        {
            using ShellProcess client = mount.Start($"dd if=/dev/zero of=mnt/big{round} bs=1M count=1000 & dd if=/dev/zero of=mnt/small{round} bs=1 count=100000000 & wait");
            Thread.Sleep(100 + (round * 20));
            client.Signal(Libc.SIGKILL);
            ShellResult result = client.Wait(TimeSpan.FromSeconds(10), mount.Rescue);
            Assert.False(result.TimedOut, "the killed client did not go");
        }

        Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().OpenFileCount == 0, TimeSpan.FromSeconds(10)), "files stayed open");
        mount.Run("rm -f mnt/*; echo fine > mnt/f; cat mnt/f").MustSucceed();
    }

    [MountFact]
    public void Connection_that_is_aborted_ends_the_server_and_its_clients()
    {
        using TestMount mount = new();
        using ShellProcess user = mount.Start("exec 3> mnt/f; touch mnt/ready; while sleep 0.05; do echo x >&3 || exit 7; done");
        Assert.True(SpinWait.SpinUntil(() => mount.Run("test -e mnt/ready").ExitCode == 0, TimeSpan.FromSeconds(10)));

        Assert.Equal(Errno.Success, ConnectionControl.Abort(mount.Connection));

        Assert.True(mount.Mount.WaitForEnd(TimeSpan.FromSeconds(10)));
        Assert.Equal(7, user.Wait(TimeSpan.FromSeconds(20)).ExitCode);
        Assert.Equal(Errno.ENOENT, ConnectionControl.Abort(99_999_999));
    }

    [MountFact]
    public void Command_that_waits_for_a_server_that_hangs_is_freed_by_the_watchdog()
    {
        using Fakes.MemoryNodes nodes = new();
        using ManualResetEventSlim gate = new(false);
        nodes.Gate = gate;
        using TestMount mount = new(nodes: nodes);

        ShellResult result = Shell.Run($"exec stat {mount.Path}/any", TimeSpan.FromSeconds(1), () =>
        {
            mount.Rescue();
            gate.Set();
        });

        Assert.True(result.TimedOut);
        Assert.True(mount.Mount.WaitForEnd(TimeSpan.FromSeconds(10)));
    }

    [MountFact]
    public void Read_only_mount_shows_and_refuses()
    {
        using TestMount mount = new();
        mount.Run("echo kept > mnt/f").MustSucceed();
        mount.Remount(new MountOptions { ReadOnly = true });

        Assert.Equal("kept\n", mount.Run("cat mnt/f").MustSucceed().Output);
        mount.Run("touch mnt/new").MustFail("Read-only file system");
        mount.Run("echo x >> mnt/f").MustFail("Read-only file system");
        mount.Run("rm mnt/f").MustFail("Read-only file system");

        // The server refuses by itself when root makes the mount writable behind its back.
        mount.Run("mount -i -o remount,rw mnt").MustSucceed();
        mount.Run("touch mnt/new").MustFail("Read-only file system");
    }

    [MountFact("fusermount3")]
    public void Mount_through_the_helper_program_works_and_is_taken_away()
    {
        using TestFolder folder = new();
        using FileDescriptor device = HelperMount.Mount(folder.Path, new MountOptions { Source = "a,b\\c" });

        MountTableEntry entry = MountTable.Find(folder.Path)!;
        Assert.Equal(("a,b\\c", "fuse.adit"), (entry.Source, entry.FileSystemType));
        Assert.False(device.IsInvalid);
        Assert.Equal(Errno.Success, HelperMount.Unmount(folder.Path, lazily: true, out _));
        Assert.Null(MountTable.Find(folder.Path));
        Assert.Throws<MountException>(() => HelperMount.Mount(Path.Combine(folder.Path, "none"), new MountOptions()));
    }

    [MountFact]
    public void Lookups_are_forgotten_when_the_kernel_drops_its_caches()
    {
        using TestMount mount = new();
        mount.Run("for i in $(seq 500); do echo $i > mnt/f$i; done; ls -l mnt > /dev/null").MustSucceed();
        long known = mount.Mount.GetStatistics().KnownInodeCount;
        Assert.True(known >= 500, $"{known} known");

        mount.Run("rm mnt/f*").MustSucceed();

        Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().KnownInodeCount < 10, TimeSpan.FromSeconds(10)), $"{mount.Mount.GetStatistics().KnownInodeCount} still known");
    }

    [MountFact]
    public void Change_beside_the_mount_is_seen_once_it_is_told()
    {
        // Nodes that tell nobody of their changes: what is told is told here.
        using Fakes.MemoryNodes nodes = new();
        using TestMount mount = new(nodes: nodes);
        mount.Run("echo old > mnt/f; chmod 755 mnt/f; cat mnt/f; ls mnt/new 2>/dev/null; stat mnt/f").ExitCode.ToString();
        Assert.Equal("old\n", mount.Run("cat mnt/f").MustSucceed().Output);
        mount.Nodes.Lookup(Format.InodeNumber.Root, "f"u8, out Nodes.NodeAttributes attributes);
        mount.Nodes.Open(attributes.Inode, Nodes.OpenIntent.Write, out Nodes.IOpenFile? file);
        file!.Write(0, "new\nlonger\n"u8, out _);
        file.Dispose();
        mount.Nodes.Link(attributes.Inode, Format.InodeNumber.Root, "new"u8, out _);

        // Known to be stale until told: else this test would prove nothing.
        mount.Run("ls mnt/new").MustFail("No such file");
        mount.Mount.EntryChanged(Format.InodeNumber.Root, "new"u8);
        mount.Mount.AttributesChanged(Format.InodeNumber.Root);
        mount.Mount.DataChanged(attributes.Inode, 0, 0);

        Assert.True(SpinWait.SpinUntil(() => mount.Run("cat mnt/new").Output == "new\nlonger\n", TimeSpan.FromSeconds(10)));
        Assert.Equal("11 2\n", mount.Run("stat -c '%s %h' mnt/f").MustSucceed().Output);
        mount.Nodes.Unlink(Format.InodeNumber.Root, "f"u8);
        mount.Mount.EntryRemoved(Format.InodeNumber.Root, attributes.Inode, "f"u8);
        Assert.True(SpinWait.SpinUntil(() => mount.Run("ls mnt/f").ExitCode != 0, TimeSpan.FromSeconds(10)));
        mount.Nodes.Forget(attributes.Inode, 2);
    }
}

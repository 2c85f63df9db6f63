using System.Collections.Concurrent;
using System.Reflection;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Fuse.Session;
using Adit.Fuse.Session.Rings;
using Adit.Fuse.Tests.Mounts;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Rings;

/// <summary>What the mount's tests ask of it, with requests that come over io_uring.</summary>
[Collection(MountCollection.Name)]
public sealed class RingMountTests
{
    private static readonly MountOptions s_options = new() { OverIoUring = true };

    [RingFact]
    public void Requests_come_over_the_rings_and_files_are_what_was_written()
    {
        using TestMount mount = MountOverRings();
        mount.Run("""
            mkdir -p mnt/a/b; echo hello > mnt/a/b/f; ln -s f mnt/a/b/s; mv mnt/a/b/f mnt/a/b/g; ln mnt/a/b/g mnt/a/f; ln -sfn g mnt/a/b/s
            test "$(cat mnt/a/b/s)" = hello; test $(stat -c %h mnt/a/f) = 2; chmod 640 mnt/a/f; test $(stat -c %a mnt/a/b/g) = 640
            head -c 3333333 /dev/urandom > scratch/r; cp scratch/r mnt/r; cmp scratch/r mnt/r
            for bs in 1 511 4096 65537 1048576; do dd if=mnt/r of=scratch/back bs=$bs count=3 2>/dev/null; cmp -n $((bs * 3 > 3333333 ? 3333333 : bs * 3)) scratch/r scratch/back; done
            dd if=scratch/r of=mnt/w bs=1M oflag=direct 2>/dev/null; dd if=mnt/w bs=1M iflag=direct 2>/dev/null | cmp scratch/r
            truncate -s 100 mnt/w; head -c 100 scratch/r | cmp - mnt/w; fallocate -p -o 0 -l 4096 mnt/r; head -c 4096 /dev/zero | cmp -n 4096 - mnt/r
            for i in $(seq 300); do echo $i > mnt/a/n$i; done; test $(ls mnt/a | wc -l) = 302; rm mnt/a/n*; test "$(ls mnt/a)" = "$(printf 'b\nf')"
            df mnt > /dev/null; ls mnt/none 2>/dev/null && exit 9; rmdir mnt/a 2>/dev/null && exit 10; true
            """).MustSucceed();

        // What is served by the classic channel is only what always comes that way.
        Assert.True(mount.Mount.IsOverIoUring);
        MountStatistics served = mount.Mount.GetStatistics();
        Assert.True(served.Requests["Write"] > 300, "written");
        Assert.True(served.RingRequestCount > served.Requests["Write"] + served.Requests["Read"], $"{served.RingRequestCount} over the rings");
    }

    [RingFact("setfattr", "getfattr", "setfacl")]
    public void Attributes_and_lists_of_names_go_there_and_back()
    {
        using TestMount mount = MountOverRings();
        mount.Run("""
            touch mnt/f; setfattr -n user.a -v "$(head -c 20000 /dev/zero | tr '\0' x)" mnt/f; setfattr -n user.b -v 2 mnt/f
            test $(getfattr --only-values -n user.a mnt/f | wc -c) = 20000; getfattr mnt/f | grep -q user.b
            setfacl -m u:1234:rw mnt/f; getfacl mnt/f 2>/dev/null | grep -q user:1234:rw-
            mkdir mnt/many; (cd mnt/many; seq -f 'a-name-that-is-not-short-at-all-%06g' 2000 | xargs touch); test $(ls mnt/many | wc -l) = 2000; ls -l mnt/many | tail -1 | grep -q 002000
            """).MustSucceed();
    }

    [RingFact]
    public void Bytes_allocated_for_requests_are_none()
    {
        using TestMount mount = MountOverRings();
        const string Load = "dd if=/dev/zero of=mnt/f bs=4k count=3000 conv=notrunc oflag=direct 2>/dev/null; dd if=mnt/f of=/dev/null bs=4k iflag=direct 2>/dev/null";
        mount.Run(Load).MustSucceed();
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            // This process allocates too, for the process that it starts.
            long before = mount.Mount.GetStatistics().AllocatedBytes;
            mount.Run(Load).MustSucceed();
            least = Math.Min(least, mount.Mount.GetStatistics().AllocatedBytes - before);
        }

        Assert.True(least < 6000 * 16, $"{least} bytes for 6000 requests");
    }

    [RingFact]
    public void Clients_of_all_processors_at_once_see_their_own_bytes()
    {
        using TestMount mount = MountOverRings();
        mount.Run("""
            truncate -s 16M mnt/shared
            for job in 0 1 2 3 4 5 6 7; do (
                head -c 2M /dev/urandom > scratch/part$job
                dd if=scratch/part$job of=mnt/shared bs=4k seek=$((job * 512)) conv=notrunc 2>/dev/null
                dd if=mnt/shared bs=4k skip=$((job * 512)) count=512 2>/dev/null | cmp - scratch/part$job || exit 1
                for i in $(seq 25); do echo $job.$i > mnt/$job.$i; test $(cat mnt/$job.$i) = $job.$i || exit 1; mv mnt/$job.$i mnt/$job.x; done
                echo ok > scratch/ok$job ) & done; wait
            test $(cat scratch/ok* | wc -l) = 8; cat scratch/part? | cmp - mnt/shared; test $(cat mnt/7.x) = 7.25
            """).MustSucceed();
    }

    [RingFact("python3")]
    public void Mapped_file_is_the_file()
    {
        using TestMount mount = MountOverRings();
        mount.Run("""
            head -c 1M /dev/urandom > mnt/f
            python3 - <<'END'
            import mmap, os
            f = open('mnt/f', 'r+b'); m = mmap.mmap(f.fileno(), 0); assert m[:] == open('mnt/f', 'rb').read()
            m[5000:5005] = b'hello'; m.flush(); assert open('mnt/f', 'rb').read()[5000:5005] == b'hello'
            g = os.open('mnt/f', os.O_WRONLY); os.pwrite(g, b'again', 70000); assert m[70000:70005] == b'again'
            END
            cp /bin/true mnt/t; mnt/t
            """).MustSucceed();
    }

    [RingFact]
    public void Client_that_is_killed_while_it_waits_goes_when_the_request_does()
    {
        using Fakes.MemoryNodes nodes = new();
        using ManualResetEventSlim gate = new(false);
        using TestMount mount = MountOverRings(nodes);
        nodes.Gate = gate;
        using ShellProcess client = mount.Start("exec stat mnt/any");
        try
        {
            Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests.GetValueOrDefault("Lookup") > 0, TimeSpan.FromSeconds(10)));
            client.Signal(Libc.SIGKILL);

            // The kernel tells of it by the classic channel while the ring's reader is at work.
            Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests.GetValueOrDefault("Interrupt") > 0, TimeSpan.FromSeconds(10)), "not told");
            FuseSession session = SessionOf(mount.Mount);
            Assert.True(SpinWait.SpinUntil(() => session.Channels.ToArray().Any(channel => channel.Queue >= 0 && channel.IsInWork && channel.IsInterrupted), TimeSpan.FromSeconds(10)), "not marked");
        }
        finally
        {
            gate.Set();
        }

        Assert.False(client.Wait(TimeSpan.FromSeconds(10), mount.Rescue).TimedOut);
        nodes.Gate = null;
        mount.Run("touch mnt/f; ls mnt").MustSucceed();
    }

    [RingFact]
    public void Requests_that_wait_do_not_hold_up_others_of_their_processor()
    {
        // More than the readers of one queue: one is added, and has to be given what the kernel had queued before there was a place for it.
        using Fakes.MemoryNodes nodes = new();
        using ManualResetEventSlim gate = new(false);
        using TestMount mount = MountOverRings(nodes);
        mount.Run("touch mnt/free").MustSucceed();
        nodes.GatedLetter = (byte)'h';
        nodes.Gate = gate;
        long before = mount.Mount.GetStatistics().Requests["Lookup"];
        using ShellProcess clients = mount.Start("for i in 1 2 3 4 5; do taskset 1 stat mnt/held$i & done; wait; exit 3");
        try
        {
            bool areAtIt = SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests["Lookup"] >= before + 5, TimeSpan.FromSeconds(20));
            MountStatistics served = mount.Mount.GetStatistics();
            Assert.True(areAtIt, string.Join(", ", served.Requests));

            mount.Run("for i in 1 2 3; do taskset 1 stat mnt/other$i || true; done; taskset 1 ls mnt/none", 20).MustFail("No such file");
            Assert.Equal(served.Requests["Lookup"] + 4, mount.Mount.GetStatistics().Requests["Lookup"]);
            Assert.True(served.Requests["NotifyReply"] > 0, "nothing was asked for");
            Assert.False(clients.HasExited);
        }
        finally
        {
            gate.Set();
        }

        Assert.Equal(3, clients.Wait(TimeSpan.FromSeconds(20), mount.Rescue).ExitCode);
    }

    [RingFact]
    public void Unmount_under_load_ends_or_says_busy_and_never_hangs()
    {
        for (int round = 0; round < 3; round++)
        {
            using TestMount mount = MountOverRings();
            using ShellProcess load = mount.Start("for job in 1 2 3 4; do (mkdir -p mnt/$job; while true; do dd if=/dev/zero of=mnt/$job/f bs=64k count=20 2>/dev/null; cat mnt/$job/f > /dev/null; rm mnt/$job/f || exit; done) & done; wait");
            Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests.GetValueOrDefault("Write") > 100, TimeSpan.FromSeconds(20)), "no load");
            ShellResult tried = mount.Run("umount mnt", 20);
            Assert.False(tried.TimedOut);
            Assert.True(tried.ExitCode == 0 || tried.Errors.Contains("busy", StringComparison.Ordinal), tried.Errors);
            mount.Mount.Unmount(lazily: true);
            Assert.True(mount.Mount.HasEnded);
            Assert.Equal(0, mount.Mount.GetStatistics().OpenFileCount);
        }
    }

    [RingFact]
    public void Connection_that_is_aborted_under_load_ends_the_server_and_its_clients()
    {
        using TestMount mount = MountOverRings();
        using ShellProcess load = mount.Start("exec 3> mnt/open; for job in 1 2 3 4; do (while echo x > mnt/$job; do :; done) 2>/dev/null & done; wait; exit 7");
        Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests.GetValueOrDefault("Create") >= 5, TimeSpan.FromSeconds(10)));

        Assert.Equal(Errno.Success, ConnectionControl.Abort(mount.Connection));

        // Nobody tells of the file that is still open.
        Assert.True(mount.Mount.WaitForEnd(TimeSpan.FromSeconds(10)));
        Assert.Equal(0, mount.Mount.GetStatistics().OpenFileCount);
        Assert.Equal(7, load.Wait(TimeSpan.FromSeconds(20)).ExitCode);
    }

    [RingFact]
    public void Client_killed_in_the_middle_of_requests_leaves_nothing_open()
    {
        using TestMount mount = MountOverRings();
        for (int round = 0; round < 6; round++)
        {
            using ShellProcess client = mount.Start($"dd if=/dev/zero of=mnt/big{round} bs=1M count=1000 & dd if=/dev/zero of=mnt/small{round} bs=1 count=100000000 & wait");
            Thread.Sleep(60 + (round * 20));
            client.Signal(Libc.SIGKILL);
            Assert.False(client.Wait(TimeSpan.FromSeconds(10), mount.Rescue).TimedOut, "the killed client did not go");
        }

        Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().OpenFileCount == 0, TimeSpan.FromSeconds(10)), "files stayed open");
        mount.Run("rm -f mnt/*; echo fine > mnt/f; cat mnt/f").MustSucceed();
    }

    [RingFact]
    public void Change_beside_the_mount_is_seen()
    {
        using TestMount mount = MountOverRings();
        mount.Run("echo old > mnt/f; cat mnt/f; ls mnt/new 2>/dev/null || true").MustSucceed();
        Volume volume = (Volume)mount.Nodes;
        Write(volume, "/f", "new and longer\n"u8);
        Write(volume, "/new", "more\n"u8);
        Assert.Equal("new and longer\nmore\n", mount.Run("cat mnt/f mnt/new").MustSucceed().Output);
    }

    [RingFact]
    public void Server_that_is_killed_ends_the_mount_and_its_clients_do_not_hang()
    {
        using TestFolder folder = new();
        string mountPoint = Directory.CreateDirectory(Path.Combine(folder.Path, "mnt")).FullName;
        using ServerProcess server = StartOverRings(folder.Path, mountPoint);
        Assert.DoesNotContain("do not come over io_uring", server.Messages, StringComparison.Ordinal);
        using ShellProcess load = Shell.Start($"cd {mountPoint}; for job in 1 2 3 4; do (while dd if=/dev/zero of=f$job bs=16k count=50 conv=fsync; do :; done) 2>/dev/null & done; wait; exit 7");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(mountPoint, "f4")), TimeSpan.FromSeconds(10)));
        Thread.Sleep(200);

        server.Kill();

        uint connection = MountTable.Find(mountPoint)?.DeviceMinor ?? 0;
        Assert.Equal(7, load.Wait(TimeSpan.FromSeconds(20), () => ConnectionControl.Abort(connection)).ExitCode);
        Shell.Run($"stat {mountPoint}/f1").MustFail("not connected");
    }

    [RingFact]
    public void Kernel_that_does_not_offer_it_is_served_as_always_and_the_way_out_is_said()
    {
        using RingSwitch off = new(isOn: false);
        using TestFolder folder = new();
        using Volume volume = (Volume)TestNodes.Create();
        List<string> said = [];
        using FuseMount mount = FuseMount.Start(volume, folder.Path, s_options, (level, text) => said.Add($"{level}: {text}"));
        Assert.False(mount.IsOverIoUring);
        Assert.Contains(said, line => line.StartsWith("Warning: requests do not come over io_uring", StringComparison.Ordinal) && line.Contains("echo Y > /sys/module/fuse/parameters/enable_uring", StringComparison.Ordinal));
        Shell.Run($"echo works > {folder.Path}/f; cat {folder.Path}/f").MustSucceed();
    }

    [RingFact]
    public void Rings_that_the_kernel_refuses_after_all_leave_readers_of_the_classic_channel()
    {
        using TestFolder folder = new();
        using Volume volume = (Volume)TestNodes.Create();
        using RingSwitch on = new();
        FileDescriptor device = KernelMount.Mount(folder.Path, s_options with { Source = "test" });
        uint connection = MountTable.Find(folder.Path)!.DeviceMinor;
        ConcurrentQueue<string> said = [];
        try
        {
            // It has offered them by now. Switched off before it hears the answer, it takes no entry.
            RingQueues? rings = RingQueues.TryPrepare(device, readerCount: 0, out string? refusal);
            Assert.True(rings is not null, refusal);
            File.WriteAllText(RingSupport.SwitchPath, "N");
            FuseSession session = new(volume, new DeviceTransport(device), s_options, (level, text) => said.Enqueue($"{level}: {text}"), memory: null, rings);
            Assert.Equal(Errno.Success, session.Negotiate());
            int refused = rings.First.Count;
            session.Start();

            Shell.Run($"echo works > {folder.Path}/f; cat {folder.Path}/f", TimeSpan.FromSeconds(20), () => ConnectionControl.Abort(connection)).MustSucceed();
            Assert.True(SpinWait.SpinUntil(() => session.Channels.ToArray().Count(channel => channel.Queue < 0) == 1 + Math.Min(refused, 7), TimeSpan.FromSeconds(10)), "readers are missing");
            Assert.Equal(refused, said.Count(line => line.StartsWith("Error: a reader over io_uring", StringComparison.Ordinal)));
            Shell.Run($"umount {folder.Path}").MustSucceed();
            Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(10)));
            session.Dispose();
        }
        finally
        {
            ConnectionControl.Abort(connection);
            _ = Libc.umount2(folder.Path, Libc.MNT_DETACH);
        }
    }

    [RingFact("fio")]
    [Trait("Tier", "long")]
    public void Fio_verifies_what_it_wrote_in_every_mode()
    {
        using TestMount mount = MountOverRings(limit: TimeSpan.FromMinutes(5));
        foreach (string way in (string[])["psync --direct=0", "psync --direct=1", "mmap --direct=0", "libaio --direct=1 --iodepth=16", "io_uring --direct=1 --iodepth=16", "psync --direct=0 --fsync=8"])
        {
            mount.Run($"timeout 50 fio --name=v --directory=mnt --size=32M --bs=512-64k --bs_unaligned=1 --rw=randrw --numjobs=2 --ioengine={way} --verify=crc32c --verify_fatal=1 --do_verify=1 --group_reporting --unlink=1 2>&1", 60).MustSucceed();
        }
    }

    [RingFact("fio")]
    public void Fio_verifies_parallel_direct_writes()
    {
        using TestMount mount = MountOverRings();
        mount.Run("timeout 50 fio --name=v --directory=mnt --size=8M --bs=512-64k --bs_unaligned=1 --rw=randrw --numjobs=2 --ioengine=libaio --direct=1 --iodepth=16 --verify=crc32c --verify_fatal=1 --do_verify=1 --group_reporting --unlink=1 2>&1", 60).MustSucceed();
    }

    private static void Write(Volume volume, string path, ReadOnlySpan<byte> bytes)
    {
        using AditFile file = volume.OpenFile(path, FileMode.OpenOrCreate, FileAccess.Write);
        file.Write(0, bytes);
    }

    private static FuseSession SessionOf(FuseMount mount) =>
        (FuseSession)typeof(FuseMount).GetField("_session", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(mount)!;

    private static ServerProcess StartOverRings(string folder, string mountPoint)
    {
        using RingSwitch on = new();
        return new ServerProcess(folder, mountPoint, "io_uring");
    }

    private static TestMount MountOverRings(Adit.Nodes.INodeOperations? nodes = null, TimeSpan? limit = null)
    {
        using RingSwitch on = new();
        TestMount mount = new(s_options, nodes, limit);
        Assert.True(mount.Mount.IsOverIoUring, mount.Mount.IoUringRefusal);
        return mount;
    }
}

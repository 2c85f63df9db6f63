using Adit.Checking;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Clients;
using Adit.Media;
using Adit.Metadata;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>What happens to a mount while several processes work on it in every way: the right error, no wait without an end, a sound volume.</summary>
[Collection(MountCollection.Name)]
public sealed class LoadedMountTests
{
    private const string NoSpace = "No space left on device";

    [MountFact("mount", "dd")]
    public void Remount_read_only_under_writers_is_busy_while_files_are_open_and_then_stops_every_change()
    {
        using TestMount mount = new();
        mount.Run("mkdir mnt/a mnt/b mnt/c; echo kept > mnt/kept; mkdir scratch/errors").MustSucceed();
        using ShellProcess open = mount.Start("exec 3> mnt/open; while test ! -e scratch/close; do echo line >&3; sleep 0.02; done");

        // Each change is begun and ended within one command; what one of them says when it fails is kept.
        using ShellProcess changes = mount.Start("""
            set +e
            turn() { "$@" 2>>scratch/errors/$n && echo >> scratch/done$n; sleep 0.03; }
            n=1; while test ! -e scratch/stop; do turn mkdir mnt/a/d; turn rmdir mnt/a/d; done &
            n=2; while test ! -e scratch/stop; do turn touch mnt/b/f; turn mv mnt/b/f mnt/b/g; turn rm mnt/b/g; done &
            n=3; while test ! -e scratch/stop; do turn dd if=/dev/zero of=mnt/c/f bs=64k count=2 conv=notrunc status=none; done &
            n=4; while test ! -e scratch/stop; do turn ln mnt/kept mnt/a/l; turn chmod 600 mnt/kept; turn rm mnt/a/l; done &
            wait
            """);
        Assert.True(SpinWait.SpinUntil(() => Enumerable.Range(1, 4).All(n => Lines(mount, $"done{n}") > 10), TimeSpan.FromSeconds(30)), "no load");
        for (int i = 0; i < 3; i++)
        {
            mount.Run("mount -i -o remount,ro mnt", 20).MustFail("busy");
        }

        File.WriteAllText(Path.Combine(mount.Scratch, "close"), "");
        Assert.Equal(0, open.Wait(TimeSpan.FromSeconds(20), mount.Rescue).ExitCode);
        mount.Run("for i in $(seq 400); do mount -i -o remount,ro mnt 2>scratch/said && exit 0; sleep 0.01; done; cat scratch/said; exit 1", 60).MustSucceed();
        int[] done = [.. Enumerable.Range(1, 4).Select(n => Lines(mount, $"done{n}"))];
        long[] refused = [.. Enumerable.Range(1, 4).Select(n => Lines(mount, $"errors/{n}"))];
        Assert.True(
            SpinWait.SpinUntil(() => Enumerable.Range(1, 4).All(n => Lines(mount, $"errors/{n}") > refused[n - 1] + 5), TimeSpan.FromSeconds(30)), "the writers do not see it");

        // One may have been done just before, and counted just after.
        Assert.All(Enumerable.Range(1, 4), n => Assert.InRange(Lines(mount, $"done{n}"), done[n - 1], done[n - 1] + 1));
        mount.Run("test \"$(cat mnt/kept)\" = kept; test $(tail -n 1 mnt/open) = line; ls mnt/a mnt/b mnt/c; touch mnt/kept").MustFail("Read-only file system");
        mount.Run("mount -i -o remount,rw mnt; echo new > mnt/new; cat mnt/new").MustSucceed();
        Assert.True(SpinWait.SpinUntil(() => Enumerable.Range(1, 4).All(n => Lines(mount, $"done{n}") > done[n - 1] + 5), TimeSpan.FromSeconds(30)), "the writers do not go on");
        File.WriteAllText(Path.Combine(mount.Scratch, "stop"), "");
        Assert.False(changes.Wait(TimeSpan.FromSeconds(20), mount.Rescue).TimedOut);
        mount.Run("grep -hv -e 'Read-only file system' -e 'File exists' -e 'No such file' scratch/errors/* && exit 1 || exit 0").MustSucceed();
    }

    [MountTheory("umount", "dd")]
    [InlineData(DaxMode.Inode)]
    [InlineData(DaxMode.Never)]
    public void Lazy_unmount_under_load_lets_users_finish_and_ends_with_the_last(DaxMode mode)
    {
        using TestMount mount = new(new MountOptions { Dax = mode });
        mount.Run("head -c 4000000 /dev/urandom > scratch/bytes").MustSucceed();
        using (MountClient client = new(mount.Path))
        {
            client.Open("f", "mapped", 2 | 64);
            client.Succeed("truncate", "f", "1048576");
            client.Map("m", "f", 1 << 20);
            client.Store("m", 1000, "before");

            // Each has its file open already and writes on, slowly enough to be met at work.
            using ShellProcess writers = mount.Start("""
                write() { exec 3> mnt/$1; for i in $(seq 0 39); do dd if=scratch/bytes bs=100k skip=$i count=1 status=none >&3 || exit 7; test $i != 5 || : > scratch/at$1; sleep 0.03; done; }
                write a & a=$!; write b & b=$!
                (exec 3<> mnt/direct; : > scratch/atdirect; for i in $(seq 0 39); do dd if=scratch/bytes bs=100k skip=$i seek=$i count=1 status=none conv=notrunc,fsync of=/proc/self/fd/3 || exit 8; sleep 0.03; done) & c=$!
                wait $a; wait $b; wait $c
                """);
            Assert.True(SpinWait.SpinUntil(() => new[] { "ata", "atb", "atdirect" }.All(name => File.Exists(Path.Combine(mount.Scratch, name))), TimeSpan.FromSeconds(30)), "no load");

            mount.Run("umount mnt").MustFail("busy");
            mount.Run("umount -l mnt; test -z \"$(ls -A mnt)\"").MustSucceed();

            Assert.False(mount.Mount.HasEnded, "it ended under its users");
            client.Store("m", 500_000, "after");
            client.Succeed("msync", "m");
            client.Write("f", 900_000, "written");
            writers.Wait(TimeSpan.FromSeconds(40), mount.Rescue).MustSucceed();
            Assert.False(mount.Mount.HasEnded, "it ended under its last user");
        }

        Assert.True(mount.Mount.WaitForEnd(TimeSpan.FromSeconds(20)), "it does not end");
        mount.Remount(new MountOptions { Dax = mode });
        Assert.Equal("beforeafterwritten", mount.Run("cmp scratch/bytes mnt/a; cmp scratch/bytes mnt/b; cmp scratch/bytes mnt/direct; dd if=mnt/mapped bs=1 skip=1000 count=6 status=none; dd if=mnt/mapped bs=1 skip=500000 count=5 status=none; dd if=mnt/mapped bs=1 skip=900000 count=7 status=none").MustSucceed().Output);
    }

    [MountTheory("dd", "fallocate")]
    [InlineData(DaxMode.Inode)]
    [InlineData(DaxMode.Never)]
    public void Full_volume_under_load_says_so_to_everybody_keeps_what_was_written_and_goes_on(DaxMode mode)
    {
        MemoryMedium medium = MemoryMedium.CreateShared(48 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium);
        using (TestMount mount = new(new MountOptions { Dax = mode }, volume))
        {
            mount.Run("head -c 700000 /dev/urandom > scratch/bytes; mkdir scratch/ends mnt/d; cp scratch/bytes mnt/first").MustSucceed();
            using MountClient client = new(mount.Path);
            client.Open("f", "mapped", 2 | 64);
            client.Succeed("truncate", "f", "8388608");
            client.Map("m", "f", 8 << 20);
            using ShellProcess load = mount.Start("""
                # Goes on until something fails; what it said is kept, and what it had begun removed.
                until_full() { name=$1; shift; for i in $(seq 4000); do if ! "$@" $i 2> scratch/ends/$name; then echo $i > scratch/at-$name; return 0; fi; done; echo 'never full' > scratch/ends/$name; }
                copy() { cp scratch/bytes mnt/copy-$name-$1 || { rm -f mnt/copy-$name-$1; return 1; }; }
                direct() { dd if=scratch/bytes of=mnt/copy-$name-$1 bs=700000 oflag=direct status=none || { rm -f mnt/copy-$name-$1; return 1; }; }
                append() { head -c 30000 scratch/bytes >> mnt/appended; }
                reserve() { fallocate -l 500k mnt/reserved-$1; }
                until_full one copy & until_full two copy & until_full direct direct & until_full append append & until_full reserve reserve &
                wait
                """);
            int stored = 0;
            string synced = "0";
            for (; stored < 8 << 20 && synced == "0"; stored += 64 << 10)
            {
                client.Store("m", stored, new string((char)('a' + (stored >> 16) % 26), 64 << 10));
                synced = client.Do("msync", "m");
            }

            ShellResult ended = load.Wait(TimeSpan.FromSeconds(60), mount.Rescue);
            ended.MustSucceed();
            Assert.True(synced is "0" or "-28", $"msync: {synced}");

            // All met the end of the space, nobody anything else; what was whole before is whole now.
            mount.Run($"for f in scratch/ends/*; do grep -q '{NoSpace}' $f || {{ echo $f; cat $f; exit 1; }}; if grep -v '{NoSpace}' $f; then exit 1; fi; done").MustSucceed();
            mount.Run("for f in mnt/first mnt/copy-*; do cmp scratch/bytes $f; done; ls mnt | wc -l; if mkdir -p mnt/e/$(seq -s / 1 900) 2>/dev/null && cat scratch/bytes{,,,,,} > mnt/more; then exit 1; fi; rm -f mnt/more").MustSucceed();

            // Room again: everybody goes on, the one with the mapping too.
            mount.Run("rm -rf mnt/reserved-* mnt/e mnt/appended mnt/copy-two-*; for i in 1 2 3; do cp scratch/bytes mnt/again-$i; cmp scratch/bytes mnt/again-$i; done").MustSucceed();
            client.Store("m", 0, "goes on");
            client.Succeed("msync", "m");
            Assert.Equal("goes on", client.Read("f", 0, 7));
            for (int at = 64 << 10; at < stored - (64 << 10); at += 64 << 10)
            {
                Assert.Equal(new string((char)('a' + (at >> 16) % 26), 100), client.Read("f", at + 1000, 100));
            }
        }

        Assert.Empty(VolumeChecker.Check(volume.Store).Findings);
    }

    private static int Lines(TestMount mount, string name)
    {
        string path = Path.Combine(mount.Scratch, name);
        try
        {
            return File.Exists(path) ? File.ReadLines(path).Count() : 0;
        }
        catch (IOException)
        {
            // Being written: looked at again.
            return 0;
        }
    }
}

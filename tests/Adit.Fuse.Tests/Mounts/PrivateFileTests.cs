using Adit.Access;
using Adit.Format;
using Adit.Format.Records;
using Adit.Fuse.Options;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Trees;
using Adit.TestKit;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Files that are not accessed directly, through a mount: the page cache serves them, and their checksums are verified.</summary>
[Collection(MountCollection.Name)]
public sealed class PrivateFileTests
{
    [MountFact("chattr", "xfs_io")]
    public void Flag_that_is_toggled_on_a_mount_loses_no_bytes_and_takes_effect_at_the_next_open()
    {
        using TestMount mount = new();
        Volume volume = (Volume)mount.Nodes;
        mount.Run("""
            cd mnt
            mkdir d; chattr -x d; exec 5> d/f
            echo buffered >&5; chattr +x d/f; echo more >&5
            """).MustSucceed();
        // The shell's descriptor is released a moment after the shell has ended.
        Assert.True(SpinWait.SpinUntil(() => !volume.GetDaxStatus("/d/f").IsInUse, TimeSpan.FromSeconds(30)), "the file stays in use");
        using (AditFile direct = volume.OpenFile("/d/f"))
        {
            Assert.Equal(DaxState.Direct, direct.DaxStatus.State);
            direct.Pin(0, 14).Dispose();
        }

        // A mapped and a written page of the cache, then another state, then both again.
        mount.Run("""
            cd mnt
            test "$(cat d/f | tr '\n' ' ')" = 'buffered more '
            for i in 1 2 3 4; do
              chattr -x d/f; xfs_io -c 'pwrite -S 0x61 0 64k' -c 'mmap -rw 0 64k' -c 'mwrite -S 0x62 4096 4096' -c 'msync -s' d/f > /dev/null
              chattr +x d/f; test "$(head -c 8192 d/f | tail -c 4096 | tr -cd b | wc -c)" = 4096; test "$(head -c 4096 d/f | tr -cd a | wc -c)" = 4096
              xfs_io -c 'pwrite -S 0x63 8k 4k' d/f > /dev/null
              chattr -x d/f; test "$(head -c 12288 d/f | tail -c 4096 | tr -cd c | wc -c)" = 4096
            done
            """).MustSucceed();
    }

    [MountFact]
    public void Bad_block_is_an_error_of_the_programs_that_read_it_and_of_no_other()
    {
        using MemoryMedium medium = new(64 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium, new VolumeOptions { Dax = DaxMode.Never, LeaveMediumOpen = true });
        using TestMount mount = new(new MountOptions { Dax = DaxMode.Never }, volume);
        mount.Run("head -c 40960 /dev/zero | tr '\\0' x > mnt/f; cp mnt/f mnt/g").MustSucceed();
        Damage.FlipBit(medium, volume, "/f", fileBlock: 3, at: 100);
        mount.Remount(new MountOptions { Dax = DaxMode.Never });

        mount.Run("""
            if cat mnt/f > /dev/null 2> scratch/error; then echo 'bad bytes were given out'; exit 1; fi
            grep -q 'Input/output error' scratch/error
            test "$(dd if=mnt/f bs=4096 count=3 2> /dev/null | tr -cd x | wc -c)" = 12288
            test "$(dd if=mnt/f bs=4096 skip=4 2> /dev/null | tr -cd x | wc -c)" = 24576
            test "$(tr -cd x < mnt/g | wc -c)" = 40960; test "$(wc -c < mnt/g)" = 40960
            dd if=/dev/zero of=mnt/f bs=4096 seek=3 count=1 conv=notrunc 2> /dev/null; cat mnt/f > /dev/null
            """).MustSucceed();
        Assert.True(volume.GetInformation().ChecksumErrors > 0);
    }
}

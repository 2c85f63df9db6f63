using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Media;
using Adit.Metadata;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Pins and views of the library beside the mount of the same volume.</summary>
[Collection(MountCollection.Name)]
public sealed class PinnedFileTests
{
    private static readonly LeaseOptions Lease = new() { Purpose = "test" };

    [MountFact]
    public void Stores_through_a_pin_and_writes_through_the_mount_see_each_other()
    {
        using TestMount mount = new();
        Volume volume = (Volume)mount.Nodes;
        mount.Run("printf abcdef > mnt/f").MustSucceed();
        using AditFile file = volume.OpenFile("/f");
        using LongPin pin = file.PinLong(0, 6, PinAccess.Write, Lease);
        Assert.Equal("abcdef"u8, pin.ReadSegment(0).Span);

        pin.WriteSegment(0).Span[1] = (byte)'X';
        Assert.Equal("aXcdef", mount.Run("cat mnt/f").MustSucceed().Output);

        mount.Run("printf Z | dd of=mnt/f bs=1 seek=3 conv=notrunc 2>/dev/null").MustSucceed();
        Assert.Equal("aXcZef"u8, pin.ReadSegment(0).Span);
        pin.WriteSegment(0).Span[5] = (byte)'!';
        Assert.Equal("aXcZe!", mount.Run("sync mnt/f; cat mnt/f").MustSucceed().Output);
    }

    [MountFact]
    public void Stores_through_a_view_and_writes_through_the_mount_see_each_other()
    {
        using Volume volume = OpenShared();
        using TestMount mount = new(nodes: volume);
        mount.Run("truncate -s 64K mnt/f").MustSucceed();
        using (AditFile file = volume.OpenFile("/f"))
        using (View view = file.Map(0, 64 << 10, new ViewOptions { Kind = ViewKind.ReadWrite }))
        {
            for (int offset = 0; offset < 60_000; offset += 9_999)
            {
                "view"u8.CopyTo(view.WritableSpan[offset..]);
                Assert.Equal("view", mount.Run($"dd if=mnt/f bs=1 skip={offset} count=4 2>/dev/null").MustSucceed().Output);
                mount.Run($"printf disk | dd of=mnt/f bs=1 seek={offset} conv=notrunc 2>/dev/null").MustSucceed();
                Assert.Equal("disk"u8, view.Span.Slice(offset, 4));
            }
        }
    }

    private static Volume OpenShared()
    {
        MemoryMedium medium = MemoryMedium.CreateShared(64 << 20);
        Volume.Format(medium, new FormatOptions());
        return Volume.Open(medium);
    }

    [MountFact]
    public void Truncation_through_the_mount_waits_for_a_pin_and_other_requests_go_on()
    {
        using TestMount mount = new();
        Volume volume = (Volume)mount.Nodes;
        mount.Run("printf abcdef > mnt/f; printf other > mnt/g").MustSucceed();
        using AditFile file = volume.OpenFile("/f");
        Pin pin = file.Pin(0, 6);
        using ShellProcess truncation = mount.Start("truncate -s 0 mnt/f; echo done > scratch/done");
        Assert.True(SpinWait.SpinUntil(() => file.Mapping.ReadStatistics().PinWaits == 1, TimeSpan.FromSeconds(20)));

        Assert.Equal("other", mount.Run("cat mnt/g").MustSucceed().Output);
        Assert.False(File.Exists(Path.Combine(mount.Scratch, "done")));
        Assert.Equal("abcdef"u8, pin.Span);
        pin.Dispose();

        Assert.Equal(0, truncation.Wait(TimeSpan.FromSeconds(20)).ExitCode);
        Assert.Equal(0, file.Length);
    }

    [MountFact]
    public void Truncations_that_wait_for_pins_leave_readers_for_other_requests()
    {
        const int Count = 5;
        MemoryMedium medium = MemoryMedium.CreateShared(64 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium, new VolumeOptions { LeaseTime = TimeSpan.FromSeconds(60) });
        using TestMount mount = new(new Options.MountOptions { ReaderCount = 2 }, volume);
        mount.Run($"printf other > mnt/g; for i in $(seq {Count}); do printf abcdef > mnt/f$i; done").MustSucceed();
        AditFile[] files = [.. Enumerable.Range(1, Count).Select(i => volume.OpenFile($"/f{i}"))];
        LongPin[] pins = [.. files.Select(file => file.PinLong(0, 6, PinAccess.Read, Lease))];
        using ShellProcess truncations = mount.Start($"for i in $(seq {Count}); do truncate -s 0 mnt/f$i & done; wait; echo done > scratch/done");
        Assert.True(SpinWait.SpinUntil(() => mount.Mount.GetStatistics().Requests.GetValueOrDefault("SetAttr") >= 2, TimeSpan.FromSeconds(20)));

        ShellResult read = mount.Run("timeout 20 cat mnt/g");
        bool werePinned = !File.Exists(Path.Combine(mount.Scratch, "done"));
        foreach (LongPin pin in pins)
        {
            pin.Dispose();
        }

        Assert.Equal(0, truncations.Wait(TimeSpan.FromSeconds(30)).ExitCode);
        foreach (AditFile file in files)
        {
            file.Dispose();
        }

        Assert.Equal("other", read.MustSucceed().Output);
        Assert.True(werePinned, "the truncations had ended before");
    }

    [MountFact]
    public void File_deleted_through_the_mount_keeps_its_bytes_for_a_pin()
    {
        using TestMount mount = new();
        Volume volume = (Volume)mount.Nodes;
        mount.Run("printf abcdef > mnt/f").MustSucceed();
        AditFile file = volume.OpenFile("/f");
        LongPin pin = file.PinLong(0, 6, PinAccess.Read, Lease);
        file.Dispose();
        mount.Run("rm mnt/f; dd if=/dev/zero of=mnt/g bs=1M count=20 2>/dev/null; test ! -e mnt/f").MustSucceed();
        Assert.Equal("abcdef"u8, pin.ReadSegment(0).Span);
        pin.Dispose();
    }
}

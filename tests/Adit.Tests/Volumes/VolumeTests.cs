using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Tests.Volumes;

public sealed class VolumeTests
{
    [Fact]
    public void Information_says_what_the_volume_is()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        VolumeInformation information = volume.GetInformation();
        Assert.Equal("test", information.Label);
        Assert.Equal(64 << 20, information.SizeBytes);
        Assert.Equal(MediumKind.File, information.MediumKind);
        Assert.True(information.FreeBytes is > 0 and < (64 << 20));
        Assert.Equal(information.CapacityBytes - information.FreeBytes, information.UsedBytes);
        Assert.True(information.IsPersistent);
        Assert.False(information.CommitsAreDurable);
        Assert.NotEmpty(information.Features);
        Assert.NotNull(information.LastCleanClose);
        Assert.True(information.WasClean);
        Assert.Null(information.Failure);
    }

    [Fact]
    public void A_second_opener_is_refused_with_the_owner()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        AditException refused = Assert.Throws<AditException>(() => fixture.Open());
        Assert.Equal(Errno.EBUSY, refused.Errno);
        Assert.Contains($"{Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_volume_is_refused_with_a_reason()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        string path = fixture.Path + ".other";
        Assert.Equal(Errno.ENOENT, Assert.Throws<AditException>(() => Volume.Open(path)).Errno);
        System.IO.File.WriteAllBytes(path, new byte[16 << 20]);
        Assert.Equal(Errno.EINVAL, Assert.Throws<AditException>(() => Volume.Open(path)).Errno);
        System.IO.File.WriteAllBytes(path, []);
        Assert.Throws<AditException>(() => Volume.Open(path));
        Assert.Equal(Errno.EEXIST, Assert.Throws<AditException>(() => Volume.Format(fixture.Path, new CreateOptions())).Errno);
        Assert.Throws<AditException>(() => Volume.Format(path, new CreateOptions { SizeBytes = 4096, Force = true }));
    }

    [Fact]
    public void A_read_only_volume_reads_and_refuses_changes()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using (Volume volume = fixture.Open())
        {
            Bytes.WriteAll(volume, "/f", [1, 2, 3]);
        }

        byte[] before = System.IO.File.ReadAllBytes(fixture.Path);
        using (Volume volume = fixture.Open(new VolumeOptions { ReadOnly = true }))
        {
            Assert.True(volume.IsReadOnly);
            Assert.Equal([1, 2, 3], Bytes.ReadAll(volume, "/f"));
            foreach (Action change in new Action[]
            {
                () => volume.CreateDirectory("/d"),
                () => volume.Delete("/f"),
                () => volume.Move("/f", "/g"),
                () => volume.CreateLink("/f", "/g"),
                () => volume.CreateSymbolicLink("/s", "f"),
                () => volume.SetAttributes("/f", new AttributeChanges { Fields = AttributeFields.Mode }),
                () => volume.SetExtendedAttribute("/f", "user.a", [1]),
                () => volume.OpenFile("/f"),
                () => volume.OpenFile("/g", FileMode.CreateNew, FileAccess.Write),
                () => volume.OpenTemporary(),
            })
            {
                Assert.Equal(Errno.EROFS, Assert.Throws<AditException>(change).Errno);
            }
        }

        Assert.Equal(before, System.IO.File.ReadAllBytes(fixture.Path));
    }

    [Fact]
    public void What_was_synced_survives_a_kill_and_the_rest_is_a_prefix()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        Volume volume = fixture.Open();
        AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Append(Bytes.Of(10_000, 1));
        file.Flush();
        volume.Abandon();
        Assert.Equal(Errno.EBADF, file.Node.Read(0, new byte[1], out _));
        Assert.Throws<AditException>(() => volume.Exists("/f"));
        file.Dispose();
        using Volume again = fixture.Open();
        Assert.Equal(Bytes.Of(10_000, 1), Bytes.ReadAll(again, "/f"));
        VolumeProof.Check(again);
    }

    [Fact]
    public void A_closed_volume_refuses_everything_and_harms_nothing()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        Volume volume = fixture.Open();
        AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Append("kept"u8);
        volume.Dispose();
        volume.Dispose();
        Assert.Equal(Errno.EBADF, file.Node.Read(0, new byte[1], out _));
        Assert.Equal(Errno.EBADF, file.Node.Append("x"u8, out _, out _));
        Assert.Equal(Errno.EBADF, file.Node.SetLength(0));
        Assert.Equal(Errno.EBADF, file.Node.Sync(false));
        Assert.Equal(Errno.EBADF, volume.Lookup(Format.InodeNumber.Root, "f"u8, out _));
        Assert.Equal(Errno.EBADF, volume.GetAttributes(Format.InodeNumber.Root, out _));
        Assert.Throws<AditException>(() => volume.CreateDirectory("/d"));
        Assert.Throws<AditException>(() => volume.OpenFile("/f"));
        Assert.Throws<AditException>(() => volume.SetExtendedAttribute("/f", "user.a", [1]));
        file.Dispose();
        using Volume again = fixture.Open();
        Assert.Equal("kept"u8.ToArray(), Bytes.ReadAll(again, "/f"));
    }

    [Fact]
    public void O_sync_files_are_durable_without_a_sync()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        Volume volume = fixture.Open(new VolumeOptions { Store = new StoreOptions { BackgroundWork = false } });
        AditFile file = volume.OpenFile("/f", FileMode.CreateNew, intent: OpenIntent.DataSync);
        file.Append("durable"u8);
        volume.Abandon();
        using Volume again = fixture.Open();
        Assert.Equal("durable"u8.ToArray(), Bytes.ReadAll(again, "/f"));
    }

    [Fact]
    public void Root_directory_is_whose_the_maker_says_and_files_by_path_are_the_processs()
    {
        using MemoryMedium medium = new(64 << 20);
        Volume.Format(medium, new FormatOptions { RootUserId = 4321, RootGroupId = 8765, Quotas = true });
        using Volume volume = Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true });
        Assert.Equal((4321u, 8765u), (volume.GetAttributes("/").UserId, volume.GetAttributes("/").GroupId));
        Assert.Equal(1, volume.GetQuota(Format.Records.QuotaKind.Group, 8765).UsedInodes);
        volume.CreateDirectory("/d");
        volume.CreateSymbolicLink("/s", "d");
        volume.OpenFile("/f", FileMode.CreateNew).Dispose();
        Assert.All(["/d", "/s", "/f"], path => Assert.Equal(
            (Caller.OfProcess.UserId, Caller.OfProcess.GroupId),
            (volume.GetAttributes(path, followLink: false).UserId, volume.GetAttributes(path, followLink: false).GroupId)));
        VolumeProof.Check(volume);
    }
}

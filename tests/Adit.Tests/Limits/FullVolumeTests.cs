using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Nodes;

namespace Adit.Tests.Limits;

/// <summary>A volume without space: every kind of operation says so, nothing is half done, and deleting makes room.</summary>
public sealed class FullVolumeTests
{
    private const long SizeBytes = 12 << 20;

    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Data_fills_a_volume_and_deleting_makes_room(string kind)
    {
        using VolumeFixture fixture = new(kind, SizeBytes);
        using Volume volume = fixture.Open();
        for (int round = 0; round < 4; round++)
        {
            long written = FillWithData(volume, $"/big{round}");
            Assert.True(written > 2 << 20, $"only {written} bytes fitted in round {round}");
            Assert.Equal(written, volume.GetAttributes($"/big{round}").SizeBytes);
            using (AditFile other = volume.OpenFile("/other", FileMode.OpenOrCreate))
            {
                Assert.Equal(Errno.ENOSPC, other.Node.Allocate(AllocateMode.Allocate, 0, 8 << 20));
                Assert.Equal(Errno.Success, other.Node.SetLength(1 << 30));
                Assert.Equal(Errno.Success, other.Node.SetLength(0));
            }

            VolumeProof.Check(volume);
            volume.Delete($"/big{round}");
            volume.Sync();
        }
    }

    [Fact]
    public void A_full_volume_still_overwrites_reads_renames_and_deletes()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, SizeBytes);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/kept", Bytes.Of(20_000, 1));
        FillWithData(volume, "/big");
        using (AditFile file = volume.OpenFile("/kept"))
        {
            file.Write(100, Bytes.Of(5000, 2));
            file.SetLength(15_000);
            file.Flush();
        }

        volume.Move("/kept", "/renamed");
        byte[] expected = Bytes.Of(20_000, 1)[..15_000];
        Bytes.Of(5000, 2).CopyTo(expected, 100);
        Assert.Equal(expected, Bytes.ReadAll(volume, "/renamed"));
        volume.Delete("/renamed");
        using (AditFile big = volume.OpenFile("/big"))
        {
            big.Allocate(0, 1 << 20, AllocateMode.PunchHole | AllocateMode.KeepSize);
        }

        volume.Sync();
        Bytes.WriteAll(volume, "/again", Bytes.Of(200_000, 3));
        VolumeProof.Check(volume);
    }

    /// <summary>Names, attributes and links until nothing fits, for each kind alone; then all of it is deleted again.</summary>
    [Theory]
    [InlineData("files")]
    [InlineData("directories")]
    [InlineData("links")]
    [InlineData("symlinks")]
    [InlineData("attributes")]
    [InlineData("temporaries")]
    [InlineData("extents")]
    public void Metadata_fills_a_volume_and_deleting_makes_room(string kind)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, SizeBytes);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        Bytes.WriteAll(volume, "/d/first", [1, 2, 3]);
        FillWithData(volume, "/big");
        List<AditFile> open = [];
        Errno errno = Errno.Success;
        int made = 0;
        while (errno == Errno.Success)
        {
            errno = TryMake(volume, kind, made, open);
            made += errno == Errno.Success ? 1 : 0;
            Assert.True(made < 1_000_000, "the volume never fills up");
        }

        Assert.Equal(Errno.ENOSPC, errno);
        VolumeProof.Check(volume);
        open.ForEach(file => file.Dispose());
        volume.DeleteDirectory("/d", recursive: true);
        volume.Delete("/big");
        volume.WaitForBackgroundWork();
        volume.CheckpointNow();
        Bytes.WriteAll(volume, "/after", Bytes.Of(1 << 20, 1));
        Assert.Equal(Bytes.Of(1 << 20, 1), Bytes.ReadAll(volume, "/after"));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void What_other_files_set_aside_is_taken_back_when_space_runs_out()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, 32 << 20);
        using Volume volume = fixture.Open();
        List<AditFile> growing = [];
        for (int i = 0; i < 5; i++)
        {
            AditFile file = volume.OpenFile($"/{i}", FileMode.CreateNew);
            file.Append(Bytes.Of((1 << 20) + 4096, i));
            growing.Add(file);
        }

        long free = volume.Store.FreeBlocks;
        long written = FillWithData(volume, "/big");
        Assert.True(written > free * 4096, "what the open files had set aside was not used");
        growing.ForEach(file => file.Dispose());
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Allocating_more_than_the_volume_holds_changes_nothing()
    {
        using VolumeFixture fixture = new(VolumeFixture.File, 64 << 20);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        Assert.Equal(Errno.ENOSPC, file.Node.Allocate(AllocateMode.Allocate, 0, 128 << 20));
        file.Write(0, Bytes.Of(1000, 1));
        VolumeProof.Check(volume);
    }

    private static long FillWithData(Volume volume, string path)
    {
        using AditFile file = volume.OpenFile(path, FileMode.CreateNew);
        byte[] bytes = Bytes.Of(300_000, 1);
        long length = 0;
        for (; ; )
        {
            Errno errno = file.Node.Append(bytes, out long offset, out int written);
            Assert.Equal(length, written == 0 ? length : offset);
            length += written;
            if (errno != Errno.Success)
            {
                Assert.Equal(Errno.ENOSPC, errno);
                return length;
            }
        }
    }

    private static Errno TryMake(Volume volume, string kind, int number, List<AditFile> open)
    {
        InodeNumber directory = volume.GetAttributes("/d").Inode;
        byte[] name = System.Text.Encoding.UTF8.GetBytes($"{number:d6}" + new string('n', 200));
        Caller caller = default;
        NodeAttributes made = default;
        Errno errno;
        switch (kind)
        {
            case "files":
                errno = volume.MakeNode(directory, name, (uint)FileType.Regular, 0, caller, out made);
                break;
            case "directories":
                errno = volume.MakeDirectory(directory, name, 0, caller, out made);
                break;
            case "links":
                errno = volume.Link(volume.GetAttributes("/d/first").Inode, directory, name, out made);
                break;
            case "symlinks":
                errno = volume.MakeSymbolicLink(directory, name, new byte[4000].Select(_ => (byte)'t').ToArray(), caller, out made);
                break;
            case "attributes":
                return volume.SetExtendedAttribute(
                    volume.GetAttributes("/d/first").Inode, name, Bytes.Of(number % 3 == 0 ? 3000 : 700, number), AttributeSetMode.Create);
            case "temporaries":
                errno = volume.MakeTemporary(directory, 0, caller, out made, out IOpenFile? file);
                if (file is not null)
                {
                    open.Add(new AditFile(volume, file, "temporary", FileAccess.ReadWrite));
                }

                break;
            default:
                using (AditFile first = volume.OpenFile("/d/first"))
                {
                    // Unwritten and written blocks by turns: one extent each.
                    return first.Node.Allocate(AllocateMode.ZeroRange, 0, 4096) is var zeroed and not Errno.Success
                        ? zeroed
                        : first.Node.Write((long)number * 8192, "x"u8, out _);
                }
        }

        if (errno == Errno.Success)
        {
            volume.Forget(made.Inode, 1);
        }

        return errno;
    }
}

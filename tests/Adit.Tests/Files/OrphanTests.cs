using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Files;

/// <summary>Files without names, and work that several transactions do.</summary>
public sealed class OrphanTests
{
    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void An_unlinked_open_file_lives_until_it_is_closed(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using Volume volume = fixture.Open();
        volume.Sync();
        long free = FreeBlocks(volume);
        AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(0, Bytes.Of(100_000, 1));
        volume.Delete("/f");
        Assert.False(volume.Exists("/f"));
        Assert.Equal(0u, file.Attributes.LinkCount);
        file.Write(50_000, "still here"u8);
        byte[] bytes = new byte[10];
        Assert.Equal(10, file.Read(50_000, bytes));
        Assert.Equal("still here"u8.ToArray(), bytes);
        Assert.Equal(Errno.ENOENT, volume.Link(file.Node.Inode, Format.InodeNumber.Root, "again"u8, out _));
        file.Dispose();
        Assert.Equal(free, FreeBlocks(volume));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void An_unlinked_retained_inode_lives_until_it_is_forgotten()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", Bytes.Of(5000, 1));
        Assert.Equal(Errno.Success, volume.Lookup(Format.InodeNumber.Root, "f"u8, out NodeAttributes attributes));
        Assert.Equal(Errno.Success, volume.Lookup(Format.InodeNumber.Root, "f"u8, out _));
        volume.Delete("/f");
        volume.Forget(attributes.Inode, 1);
        Assert.Equal(Errno.Success, volume.GetAttributes(attributes.Inode, out _));
        Assert.Equal(Errno.Success, volume.Open(attributes.Inode, OpenIntent.Read, out IOpenFile? file));
        volume.Forget(attributes.Inode, 1);
        Assert.Equal(5000, file!.Attributes.SizeBytes);
        file.Dispose();
        Assert.Equal(Errno.ESTALE, volume.GetAttributes(attributes.Inode, out _));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Orphans_of_a_crash_are_removed_when_the_volume_is_opened()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        Volume volume = fixture.Open();
        long free = FreeBlocks(volume);
        List<AditFile> open = [];
        for (int i = 0; i < 20; i++)
        {
            AditFile file = i % 2 == 0 ? volume.OpenFile($"/{i}", FileMode.CreateNew) : volume.OpenTemporary();
            for (int piece = 0; piece < 40; piece++)
            {
                file.Write(piece * 8192, Bytes.Of(4096, i));
            }

            volume.Sync();
            if (i % 2 == 0)
            {
                volume.Delete($"/{i}");
            }

            open.Add(file);
        }

        volume.Abandon();
        using Volume again = fixture.Open();
        Assert.Empty(again.Enumerate("/"));

        // Opening does as much as fits its budget; the rest follows in the background.
        Assert.True(SpinWait.SpinUntil(() => FreeBlocks(again) == free, TimeSpan.FromSeconds(30)), "orphans are left");
        VolumeProof.Check(again);
    }

    [Fact]
    public void A_temporary_file_can_be_given_a_name_once()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenTemporary();
            file.Append("kept"u8);
            Assert.Equal(Errno.Success, volume.Link(file.Node.Inode, Format.InodeNumber.Root, "named"u8, out NodeAttributes attributes));
            Assert.Equal(1u, attributes.LinkCount);
            volume.Forget(attributes.Inode, 1);
            VolumeProof.Check(volume);
        }

        using Volume again = fixture.Open();
        Assert.Equal("kept"u8.ToArray(), Bytes.ReadAll(again, "/named"));
    }

    [Fact]
    public void Truncating_and_deleting_a_file_of_very_many_extents_frees_all_of_it()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, 256 << 20);
        using Volume volume = fixture.Open();
        long free = FreeBlocks(volume);
        using (AditFile file = volume.OpenFile("/f", FileMode.CreateNew))
        {
            // More extents than are kept in memory: every window of them is used.
            byte[] word = new byte[8];
            for (long i = 0; i < 18_000; i++)
            {
                BitConverter.TryWriteBytes(word, i);
                file.Write(i * 8192, word);
            }

            for (long i = 17_999; i >= 0; i -= 97)
            {
                Assert.Equal(8, file.Read(i * 8192, word));
                Assert.Equal(i, BitConverter.ToInt64(word));
            }

            file.Write(5001 * 8192, Bytes.Of(30 * 8192, 1));
            file.SetLength(9000L * 8192);
            Assert.Equal(8, file.Read(8999 * 8192, word));
            Assert.Equal(8999, BitConverter.ToInt64(word));
            file.SetLength(18_000L * 8192);
            Assert.Equal(8, file.Read(9001 * 8192, word));
            Assert.Equal(0, BitConverter.ToInt64(word));
            VolumeProof.Check(volume);
        }

        volume.Delete("/f");

        // Chunks that the tree of its extents has needed stay the tree's.
        Assert.Equal(0, (free - FreeBlocks(volume)) % 512);
        Assert.Equal(0, volume.GetAttributes("/").BlockCount);
        VolumeProof.Check(volume);
    }

    /// <summary>Free blocks once freed ones may be used again.</summary>
    private static long FreeBlocks(Volume volume)
    {
        volume.WaitForBackgroundWork();
        volume.CheckpointNow();
        return volume.Store.FreeBlocks;
    }
}

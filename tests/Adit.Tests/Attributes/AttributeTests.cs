using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Attributes;

public sealed class AttributeTests
{
    [Fact]
    public void Extended_attributes_of_all_sizes_are_kept_replaced_and_removed()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, 256 << 20);
        int[] sizes = [0, 1, 700, 1010, 1011, 1024, 1025, 5000, 65_535, 65_536];
        using (Volume volume = fixture.Open())
        {
            Bytes.WriteAll(volume, "/f", []);
            for (int i = 0; i < sizes.Length; i++)
            {
                volume.SetExtendedAttribute("/f", $"user.{i}", Bytes.Of(sizes[^(i + 1)], 99));
                volume.SetExtendedAttribute("/f", $"user.{i}", Bytes.Of(sizes[i], i));
            }

            VolumeProof.Check(volume);
        }

        using Volume again = fixture.Open();
        for (int i = 0; i < sizes.Length; i++)
        {
            Assert.Equal(Bytes.Of(sizes[i], i), again.GetExtendedAttribute("/f", $"user.{i}"));
        }

        Assert.Equal(sizes.Length, again.ListExtendedAttributes("/f").Count);
        for (int i = 0; i < sizes.Length; i++)
        {
            Assert.True(again.RemoveExtendedAttribute("/f", $"user.{i}"));
            Assert.False(again.RemoveExtendedAttribute("/f", $"user.{i}"));
            Assert.Null(again.GetExtendedAttribute("/f", $"user.{i}"));
        }

        Assert.Empty(again.ListExtendedAttributes("/f"));
        again.Delete("/f");
        VolumeProof.Check(again);
    }

    [Fact]
    public void Extended_attributes_answer_as_Linux_does()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", []);
        Format.InodeNumber inode = volume.GetAttributes("/f").Inode;
        Assert.Equal(Errno.ENODATA, volume.GetExtendedAttribute(inode, "user.a"u8, default, out _));
        Assert.Equal(Errno.ENODATA, volume.SetExtendedAttribute(inode, "user.a"u8, "v"u8, AttributeSetMode.Replace));
        Assert.Equal(Errno.Success, volume.SetExtendedAttribute(inode, "user.a"u8, "value"u8, AttributeSetMode.Create));
        Assert.Equal(Errno.EEXIST, volume.SetExtendedAttribute(inode, "user.a"u8, "v"u8, AttributeSetMode.Create));
        Assert.Equal(Errno.ERANGE, volume.GetExtendedAttribute(inode, "user.a"u8, new byte[4], out _));
        Assert.Equal(Errno.Success, volume.GetExtendedAttribute(inode, "user.a"u8, default, out int length));
        Assert.Equal(5, length);
        Assert.Equal(Errno.ERANGE, volume.SetExtendedAttribute(inode, new byte[256].AsSpan(), "v"u8, 0));
        Assert.Equal(Errno.E2BIG, volume.SetExtendedAttribute(inode, "user.b"u8, new byte[65_537], 0));
        Assert.Equal(Errno.ERANGE, volume.ListExtendedAttributes(inode, new byte[3], out _));
        Assert.Equal(Errno.Success, volume.ListExtendedAttributes(inode, default, out length));
        Assert.Equal("user.a".Length + 1, length);
        Assert.Equal(Errno.ESTALE, volume.GetExtendedAttribute(new Format.InodeNumber(12345), "user.a"u8, default, out _));
    }

    [Fact]
    public void Attributes_that_collide_live_side_by_side()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(new VolumeOptions { NameHashMask = 0 });
        Bytes.WriteAll(volume, "/f", []);
        for (int i = 0; i < 256; i++)
        {
            volume.SetExtendedAttribute("/f", $"user.{i}", Bytes.Of(i * 20, i));
        }

        Directories.NamespaceTests.Expect(Errno.ENOSPC, () => volume.SetExtendedAttribute("/f", "user.more", []));
        Assert.True(volume.RemoveExtendedAttribute("/f", "user.7"));
        volume.SetExtendedAttribute("/f", "user.more", "x"u8);
        for (int i = 0; i < 256; i++)
        {
            Assert.Equal(i == 7 ? null : Bytes.Of(i * 20, i), volume.GetExtendedAttribute("/f", $"user.{i}"));
        }
    }

    [Fact]
    public void Modes_owners_and_times_are_set_and_kept()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using (Volume volume = fixture.Open())
        {
            Bytes.WriteAll(volume, "/f", Bytes.Of(100, 1));
            NodeAttributes set = volume.SetAttributes("/f", new AttributeChanges
            {
                Fields = AttributeFields.Mode | AttributeFields.UserId | AttributeFields.GroupId
                    | AttributeFields.AccessTime | AttributeFields.ModifyTime | AttributeFields.Flags,
                Mode = 0xFFFF,
                UserId = 1000,
                GroupId = 2000,
                AccessTime = new Timestamp(-5, 999_999_999),
                ModifyTime = new Timestamp(1L << 33, 1),
                Flags = 0x20,
            });
            Assert.Equal(FileType.Regular, set.Type);
            Assert.Equal(0x8FFFu, set.Mode);
            set = volume.SetAttributes("/f", new AttributeChanges { Fields = AttributeFields.KillPrivileges });
            Assert.Equal(0x83FFu, set.Mode);
        }

        using Volume again = fixture.Open();
        NodeAttributes found = again.GetAttributes("/f");
        Assert.Equal(1000u, found.UserId);
        Assert.Equal(2000u, found.GroupId);
        Assert.Equal(new Timestamp(-5, 999_999_999), found.AccessTime);
        Assert.Equal(new Timestamp(1L << 33, 1), found.ModifyTime);
        Assert.Equal(0x20u, found.Flags);
        Assert.Equal(Errno.EISDIR, again.SetAttributes(Format.InodeNumber.Root, new AttributeChanges { Fields = AttributeFields.Size }, out _));
    }

    [Fact]
    public void A_setgid_directory_passes_its_group_on()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Caller caller = new(7, 8, 0x12);
        Assert.Equal(Errno.Success, volume.MakeDirectory(Format.InodeNumber.Root, "d"u8, 0x5FF, caller, out NodeAttributes directory));
        Assert.Equal(0x45EDu, directory.Mode);
        volume.SetAttributes("/d", new AttributeChanges { Fields = AttributeFields.GroupId, GroupId = 99 });
        Assert.Equal(Errno.Success, volume.MakeDirectory(directory.Inode, "sub"u8, 0x1FF, caller, out NodeAttributes sub));
        Assert.Equal(Errno.Success, volume.MakeNode(directory.Inode, "f"u8, 0x1FF, 0, caller, out NodeAttributes file));
        Assert.Equal((99u, 0x45EDu), (sub.GroupId, sub.Mode));
        Assert.Equal((99u, 0x81EDu), (file.GroupId, file.Mode));
        Assert.Equal(7u, file.UserId);
    }

    [Fact]
    public void Time_stamps_move_with_what_is_done_and_last()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        Timestamp old = new(1000, 0);
        NodeAttributes overwritten;
        using (Volume volume = fixture.Open(new VolumeOptions()))
        {
            Bytes.WriteAll(volume, "/f", Bytes.Of(8192, 1));
            AttributeChanges backdate = new()
            {
                Fields = AttributeFields.AccessTime | AttributeFields.ModifyTime,
                AccessTime = old,
                ModifyTime = old,
            };
            volume.SetAttributes("/f", backdate);
            using AditFile file = volume.OpenFile("/f");
            file.Write(0, "over"u8);
            overwritten = file.Attributes;
            Assert.NotEqual(old, overwritten.ModifyTime);
            Assert.Equal(overwritten.ModifyTime, file.Attributes.ModifyTime);
            Assert.Equal(old, overwritten.AccessTime);
            file.Read(0, new byte[4]);
            Assert.NotEqual(old, file.Attributes.AccessTime);
        }

        using Volume again = fixture.Open();
        Assert.Equal(overwritten.ModifyTime, again.GetAttributes("/f").ModifyTime);
        Assert.NotEqual(old, again.GetAttributes("/f").AccessTime);
    }

    [Fact]
    public void Fsync_records_the_times_of_overwrites()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        Timestamp old = new(1000, 0);
        Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", Bytes.Of(8192, 1));
        volume.SetAttributes("/f", new AttributeChanges { Fields = AttributeFields.ModifyTime, ModifyTime = old });
        AditFile file = volume.OpenFile("/f");
        file.Write(0, "over"u8);
        file.Flush();
        volume.Abandon();
        using Volume again = fixture.Open();
        Assert.NotEqual(old, again.GetAttributes("/f").ModifyTime);
    }
}

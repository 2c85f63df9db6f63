using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Directories;

public sealed class NamespaceTests
{
    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void A_tree_is_there_again_after_reopening(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using (Volume volume = fixture.Open())
        {
            volume.CreateDirectory("/a/b/c", parents: true);
            Bytes.WriteAll(volume, "/a/b/c/file", Bytes.Of(5000, 1));
            volume.CreateLink("/a/b/c/file", "/a/link");
            volume.CreateSymbolicLink("/a/sym", "b/c/file");
            volume.Move("/a/b/c", "/c");
            Assert.False(volume.Exists("/a/sym"));
            Assert.True(volume.Exists("/a/sym", followLink: false));
        }

        using Volume again = fixture.Open();
        Assert.Equal(Bytes.Of(5000, 1), Bytes.ReadAll(again, "/c/file"));
        Assert.Equal(Bytes.Of(5000, 1), Bytes.ReadAll(again, "/a/link"));
        Assert.Equal("b/c/file", again.ReadLink("/a/sym"));
        Assert.Equal(2u, again.GetAttributes("/a/link").LinkCount);
        Assert.Equal(4u, again.GetAttributes("/").LinkCount);
        Assert.Equal(["b", "link", "sym"], again.Enumerate("/a").Select(entry => entry.Name).Order());
        VolumeProof.Check(again);
    }

    [Fact]
    public void Outcomes_are_those_of_Linux()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        volume.CreateDirectory("/d/e");
        Bytes.WriteAll(volume, "/f", [1]);
        Expect(Errno.EEXIST, () => volume.CreateDirectory("/d"));
        Expect(Errno.ENOENT, () => volume.CreateDirectory("/x/y"));
        Expect(Errno.ENOTDIR, () => volume.CreateDirectory("/f/y"));
        Expect(Errno.ENOTEMPTY, () => volume.DeleteDirectory("/d"));
        Expect(Errno.ENOTDIR, () => volume.DeleteDirectory("/f"));
        Expect(Errno.EISDIR, () => volume.Delete("/d"));
        Expect(Errno.ENOENT, () => volume.Delete("/x"));
        Expect(Errno.ENOTDIR, () => volume.Delete("/f/"));
        Expect(Errno.EINVAL, () => volume.Move("/d", "/d/e/d"));
        Expect(Errno.EISDIR, () => volume.Move("/f", "/d/e"));
        Expect(Errno.ENOTDIR, () => volume.Move("/d", "/f"));
        Expect(Errno.EEXIST, () => volume.Move("/d", "/f", RenameFlags.NoReplace));
        Expect(Errno.ENOENT, () => volume.Move("/d", "/x", RenameFlags.Exchange));
        Expect(Errno.EPERM, () => volume.CreateLink("/d", "/d2"));
        Expect(Errno.EBUSY, () => volume.DeleteDirectory("/"));
        Expect(Errno.EISDIR, () => volume.OpenFile("/d"));
        Expect(Errno.EEXIST, () => volume.OpenFile("/f", FileMode.CreateNew));
        Expect(Errno.ENOENT, () => volume.OpenFile("/x"));
        Expect(Errno.ENOTDIR, () => volume.Enumerate("/f").Count());
        Expect(Errno.ENAMETOOLONG, () => volume.CreateDirectory("/" + new string('n', 256)));
        AditException exception = Assert.Throws<AditException>(() => volume.Delete("/x"));
        Assert.Contains("delete /x", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_255_bytes_of_any_kind_are_kept()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        string longest = new('n', 255);
        volume.CreateDirectory("/" + longest);
        Assert.Equal(longest, Assert.Single(volume.Enumerate("/")).Name);
        byte[] raw = [0xFF, 0x80, 0x01, (byte)' '];
        Assert.Equal(Errno.Success, volume.MakeNode(InodeNumber.Root, raw, (uint)FileType.Regular, 0, default, out NodeAttributes made));
        Assert.Equal(Errno.Success, volume.Lookup(InodeNumber.Root, raw, out NodeAttributes found));
        Assert.Equal(made.Inode, found.Inode);
        Assert.Equal(Errno.EINVAL, volume.MakeDirectory(InodeNumber.Root, "a/b"u8, 0, default, out _));
        Assert.Equal(Errno.EEXIST, volume.MakeDirectory(InodeNumber.Root, ".."u8, 0, default, out _));
    }

    [Fact]
    public void Exchange_and_whiteout_swap_and_leave_a_mark()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        volume.CreateDirectory("/d/inner");
        Bytes.WriteAll(volume, "/f", [1]);
        volume.Move("/f", "/d/inner", RenameFlags.Exchange);
        Assert.Equal(FileType.Directory, volume.GetAttributes("/f").Type);
        Assert.Equal(FileType.Regular, volume.GetAttributes("/d/inner").Type);
        Assert.Equal(2u, volume.GetAttributes("/d").LinkCount);
        Assert.Equal(4u, volume.GetAttributes("/").LinkCount);
        Expect(Errno.EBUSY, () => volume.Move("/f/..", "/x"));

        volume.Move("/d/inner", "/moved", RenameFlags.Whiteout);
        NodeAttributes mark = volume.GetAttributes("/d/inner");
        Assert.Equal(FileType.CharacterDevice, mark.Type);
        Assert.Equal(0u, mark.Device);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void A_directory_a_thousand_deep_can_be_walked_moved_and_deleted()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        StringBuilder path = new();
        for (int i = 0; i < 1000; i++)
        {
            path.Append("/d").Append(i);
            volume.CreateDirectory(path.ToString());
        }

        Bytes.WriteAll(volume, path + "/deep", [42]);
        volume.CreateDirectory("/top");
        volume.Move("/d0", "/top/d0");
        Assert.Equal([42], Bytes.ReadAll(volume, "/top" + path + "/deep"));
        Expect(Errno.EINVAL, () => volume.Move("/top", "/top" + path + "/below"));
        volume.DeleteDirectory("/top", recursive: true);
        Assert.Empty(volume.Enumerate("/"));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Symbolic_links_are_followed_to_a_limit()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        string longest = new('t', 4095);
        volume.CreateSymbolicLink("/long", longest);
        Assert.Equal(longest, volume.ReadLink("/long"));
        Expect(Errno.ENAMETOOLONG, () => volume.CreateSymbolicLink("/longer", longest + "t"));
        volume.CreateSymbolicLink("/loop", "loop");
        Expect(Errno.ELOOP, () => volume.GetAttributes("/loop"));
        volume.CreateDirectory("/d");
        volume.CreateSymbolicLink("/d/up", "../d/./file");
        Bytes.WriteAll(volume, "/d/up", [7]);
        Assert.Equal([7], Bytes.ReadAll(volume, "/d/file"));
        volume.CreateSymbolicLink("/abs", "/d");
        Assert.Equal([7], Bytes.ReadAll(volume, "/abs/up"));
        volume.Delete("/abs");
        Assert.True(volume.Exists("/d/file"));
        Expect(Errno.EINVAL, () => volume.ReadLink("/d"));
    }

    internal static void Expect(Errno errno, Action action) => Assert.Equal(errno, Assert.Throws<AditException>(action).Errno);
}

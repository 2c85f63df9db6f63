using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Mounts;

[Collection(MountCollection.Name)]
public sealed class MountPointTests
{
    [MountFact]
    public void Mount_point_that_does_not_exist_is_named()
    {
        using TestFolder folder = new();
        MountException error = Assert.Throws<MountException>(() => Start(Path.Combine(folder.Path, "none")));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("none does not exist: make it with mkdir", error.Message, StringComparison.Ordinal);
    }

    [MountFact]
    public void Mount_point_that_is_a_file_is_named()
    {
        using TestFolder folder = new();
        string file = Path.Combine(folder.Path, "file");
        File.WriteAllText(file, "");
        MountException error = Assert.Throws<MountException>(() => Start(file));
        Assert.Equal(Errno.ENOTDIR, error.Errno);
        Assert.Contains("is not a directory", error.Message, StringComparison.Ordinal);
    }

    [MountFact]
    public void Mount_point_in_use_is_refused_also_through_a_link()
    {
        using TestMount mount = new();
        string link = Path.Combine(mount.Scratch, "link");
        File.CreateSymbolicLink(link, mount.Path);

        foreach (string path in (string[])[mount.Path, mount.Path + "/", link])
        {
            MountException error = Assert.Throws<MountException>(() => Start(path));
            Assert.Equal(Errno.EBUSY, error.Errno);
            Assert.Contains("volume test is mounted there", error.Message, StringComparison.Ordinal);
        }

        mount.Run("touch mnt/still-works && test -e mnt/still-works").MustSucceed();
    }

    [MountFact]
    public void Mount_point_of_another_file_system_is_refused()
    {
        MountException error = Assert.Throws<MountException>(() => Start("/proc"));
        Assert.Equal(Errno.EBUSY, error.Errno);
        Assert.Contains("(proc) is mounted there", error.Message, StringComparison.Ordinal);
    }

    [MountFact]
    public void Unmount_of_nothing_says_so()
    {
        using TestFolder folder = new();
        MountException error = Assert.Throws<MountException>(() => Unmounter.Unmount(folder.Path));
        Assert.Contains("nothing is mounted on", error.Message, StringComparison.Ordinal);
    }

    [MountFact]
    public void Mount_of_a_server_that_died_is_taken_away_by_the_next()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Path, "mnt");
        Directory.CreateDirectory(path);
        using ServerProcess first = new(folder.Path, path);
        Shell.Run($"echo before > {path}/file; sync {path}/file").MustSucceed();
        first.Kill();
        Shell.Run($"cat {path}/file").MustFail("Transport endpoint is not connected");

        using ServerProcess second = new(folder.Path, path);

        Assert.Equal("before\n", Shell.Run($"cat {path}/file").MustSucceed().Output);
        Assert.Contains("whose server died", second.Messages, StringComparison.Ordinal);
        Unmounter.Unmount(path);
        Assert.True(second.WaitForExit(TimeSpan.FromSeconds(20)), "the server did not end with its mount");
        Assert.Null(MountTable.Find(path));
    }

    [Fact]
    public void Mount_table_is_parsed_with_its_escapes_and_optional_fields()
    {
        string[] lines =
        [
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
            @"63 36 0:52 / /mnt/a\040b rw,nosuid shared:7 propagate_from:2 - fuse.adit /v\134ol\040ume rw,user_id=0",
            "nonsense",
            "",
        ];

        List<MountTableEntry> entries = MountTable.Parse(lines);

        Assert.Equal(new MountTableEntry("/mnt2", "ext3", "/dev/root", 0, Libc.MS_NOATIME), entries[0]);
        Assert.Equal(new MountTableEntry("/mnt/a b", "fuse.adit", @"/v\ol ume", 52, Libc.MS_NOSUID | Libc.MS_STRICTATIME), entries[1]);
        Assert.True(entries[1].IsAdit);
        Assert.Equal(2, entries.Count);
    }

    [Theory]
    [InlineData("rw,relatime", "rw,user_id=0", (ulong)(Libc.MS_RELATIME))]
    [InlineData("ro,nosuid,nodev,noexec,nodiratime,noatime", "rw", (ulong)(Libc.MS_RDONLY | Libc.MS_NOSUID | Libc.MS_NODEV | Libc.MS_NOEXEC | Libc.MS_NODIRATIME | Libc.MS_NOATIME))]
    [InlineData("rw,nosymfollow", "ro,sync", (ulong)(Libc.MS_RDONLY | Libc.MS_SYNCHRONOUS | Libc.MS_NOSYMFOLLOW | Libc.MS_STRICTATIME))]
    public void Flags_are_those_of_the_mount_and_of_its_file_system(string ofMount, string ofFileSystem, ulong expected) =>
        Assert.Equal((nuint)expected, Assert.Single(MountTable.Parse([$"36 35 0:60 / /mnt {ofMount} - fuse.adit /v {ofFileSystem}"])).Flags);

    private static void Start(string path) => FuseMount.Start(new Fakes.MemoryNodes(), path, new MountOptions(), (_, _) => { }).Dispose();
}

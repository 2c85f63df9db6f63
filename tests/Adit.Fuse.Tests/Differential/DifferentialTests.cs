using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Mounts;
using Adit.Interop.Linux;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Differential;

/// <summary>The same system calls on a mount and on ext4, in one run, by the same program: results, errors, attributes and which times move
/// must be the same, but for what <see cref="Explained"/> lists and <c>docs/COMPATIBILITY.md</c> explains.</summary>
[Collection(MountCollection.Name)]
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const string MakeImage = "truncate -s 256M scratch/ext4.img; mkfs.ext4 -q -b 4096 -O ^metadata_csum scratch/ext4.img; mkdir scratch/ext4;";
    private const string MakeReference = $"{MakeImage} mount -o loop,relatime scratch/ext4.img scratch/ext4; mkdir scratch/ext4/t";

    /// <summary>User 7 of the mounts is user 20 007 of the files, and so on; root is root.</summary>
    private const string Map = "0:0:1 20001:1:60000";

    [MountFact("mkfs.ext4", "losetup", "bash", "timeout", "flock")]
    public void Mount_behaves_as_ext4_does() => Compare(DaxMode.Inode);

    [MountFact("mkfs.ext4", "losetup", "bash", "timeout", "flock")]
    [Trait("Tier", "long")]
    public void Mount_through_the_page_cache_behaves_as_ext4_does() => Compare(DaxMode.Never);

    [MountFact("mkfs.ext4", "losetup", "bash", "timeout", "flock", "unshare")]
    public void Mount_that_shows_other_owners_behaves_as_ext4_does_that_shows_them()
    {
        Assert.True(IdMap.TryParse(Map, out IdMap? map));
        using TestMount mount = new(new MountOptions { AllowIdMaps = true, IdMap = map }, limit: TimeSpan.FromMinutes(5));
        mount.Run(MakeImage).MustSucceed();
        string device = mount.Run("losetup -f --show scratch/ext4.img").MustSucceed().Output.Trim();
        try
        {
            using (DetachedMount reference = MakeDetached("ext4", device))
            using (FileDescriptor users = UserNamespace.Open(map))
            {
                reference.Map(users);
                reference.Attach($"{mount.Scratch}/ext4");
            }

            mount.Run("mkdir scratch/ext4/t").MustSucceed();
            Compare(mount);

            // What both show is in neither file system.
            const string Owners = "find t -printf '%U %G\n' | sort | uniq -c";
            string mapped = mount.Run($"cd mnt; mkdir -p t; touch t/a t/b; chown 1000:2000 t/a; {Owners}").MustSucceed().Output;
            Assert.Contains(" 1000 2000\n", mapped, StringComparison.Ordinal);
            mount.Remount(new MountOptions());
            string bare = mount.Run($"cd mnt; {Owners}").MustSucceed().Output;
            Assert.Contains(" 21000 22000\n", bare, StringComparison.Ordinal);
            Assert.DoesNotContain(" 1000 ", bare, StringComparison.Ordinal);
        }
        finally
        {
            mount.Run($"losetup -d {device}").MustSucceed();
        }
    }

    [Theory]
    [InlineData(64, 56, true)]
    [InlineData(56, 64, false)]
    [InlineData(64, 48, false)]
    public void One_block_more_of_ext4_is_its_tree_of_extents(int expected, int found, bool isExplained) =>
        Assert.Equal(isExplained, Explained.Has(Note(expected), Note(found)));

    private static string Note(int blocks) => $"fallocate: fstat  = 100644 links 1 0:0 size 12288 blocks {blocks} rdev 0";

    private void Compare(DaxMode mode)
    {
        using TestMount mount = new(new MountOptions { Dax = mode }, limit: TimeSpan.FromMinutes(5));
        mount.Run(MakeReference).MustSucceed();
        Compare(mount);
    }

    private void Compare(TestMount mount)
    {
        string program = $"timeout 110 dotnet exec {typeof(DifferentialTests).Assembly.Location} posix";
        try
        {
            mount.Run($"{program} {mount.Scratch}/ext4/t {mount.Scratch}/expected", 120).MustSucceed();
            mount.Run($"mkdir mnt/t; {program} {mount.Path}/t {mount.Scratch}/found", 120).MustSucceed();
        }
        finally
        {
            mount.Run("umount -l scratch/ext4");
        }

        string[] expected = File.ReadAllLines($"{mount.Scratch}/expected");
        string[] found = File.ReadAllLines($"{mount.Scratch}/found");
        Differences differences = Differences.Between(expected, found);
        output.WriteLine($"{expected.Length} notes, {differences.Explained} explained, {differences.Unexplained.Count} unexplained");
        Assert.True(expected.Length > 3000, $"only {expected.Length} notes");
        Assert.True(differences.Unexplained.Count == 0, $"{differences.Unexplained.Count} differences from ext4:\n{string.Join('\n', differences.Unexplained.Take(2000))}");
    }

    private static DetachedMount MakeDetached(string type, string source)
    {
        using FileDescriptor fs = Libc.fsopen(type, Libc.FSOPEN_CLOEXEC);
        Assert.Equal(0, Libc.fsconfig(fs, Libc.FSCONFIG_SET_STRING, "source", source));
        Assert.Equal(0, Libc.fsconfig(fs, Libc.FSCONFIG_CMD_CREATE, null, null));
        return new DetachedMount(Libc.fsmount(fs, Libc.FSMOUNT_CLOEXEC, 0));
    }
}

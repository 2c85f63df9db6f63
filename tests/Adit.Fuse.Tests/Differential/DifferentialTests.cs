using Adit.Fuse.Options;
using Adit.Fuse.Tests.Mounts;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Differential;

/// <summary>The same system calls on a mount and on ext4, in one run, by the same program: results, errors, attributes and which times move
/// must be the same, but for what <see cref="Explained"/> lists and <c>docs/COMPATIBILITY.md</c> explains.</summary>
[Collection(MountCollection.Name)]
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const string MakeReference = "truncate -s 256M scratch/ext4.img; mkfs.ext4 -q -b 4096 -O ^metadata_csum scratch/ext4.img; mkdir scratch/ext4; mount -o loop,relatime scratch/ext4.img scratch/ext4; mkdir scratch/ext4/t";

    [MountFact("mkfs.ext4", "losetup", "bash", "timeout", "flock")]
    public void Mount_behaves_as_ext4_does() => Compare(DaxMode.Inode);

    [MountFact("mkfs.ext4", "losetup", "bash", "timeout", "flock")]
    [Trait("Tier", "long")]
    public void Mount_through_the_page_cache_behaves_as_ext4_does() => Compare(DaxMode.Never);

    private void Compare(DaxMode mode)
    {
        using TestMount mount = new(new MountOptions { Dax = mode }, limit: TimeSpan.FromMinutes(5));
        mount.Run(MakeReference).MustSucceed();
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
}

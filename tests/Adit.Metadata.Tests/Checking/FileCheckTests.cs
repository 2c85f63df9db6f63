using Adit.Checking;
using Adit.Media;
using Adit.TestKit;

namespace Adit.Metadata.Tests.Checking;

/// <summary>Checking a volume file that was not closed, as fsck does.</summary>
public sealed class FileCheckTests
{
    [Fact]
    public void Check_of_an_unclosed_volume_opened_read_only_changes_nothing()
    {
        using TemporaryDirectory folder = new();
        string path = folder.File("pool.adit");
        Volume volume = Volume.Create(path, new CreateOptions { SizeBytes = 16 << 20 });
        volume.CreateDirectory("/a/b", parents: true);
        using (AditFile file = volume.OpenFile("/a/b/c", FileMode.Create))
        {
            file.Append(new byte[50_000]);
        }

        volume.Sync();
        volume.Abandon();
        byte[] before = File.ReadAllBytes(path);

        using (Medium medium = MediumFactory.Open(path, new MediumOptions { ReadOnly = true }))
        {
            CheckReport report = VolumeChecker.Check(medium);
            Assert.Equal([], report.Findings);
            Assert.Equal(3, report.DirectoryCount);
            Assert.Equal(4, report.InodeCount);
        }

        Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(before));
    }
}

using Adit.Dax.Pins;
using Adit.Metadata;

namespace Adit.Tests.Files;

/// <summary>What I/O makes the medium write: the bytes of the writes, and metadata of the changes of layout; never what is mapped.</summary>
public sealed class FlushedBytesTests
{
    private const int Page = 4096;
    private const int MappedBytes = 8 << 20;
    private const int Operations = 500;

    /// <summary>The log record of an append with its line, rounded up; checkpoints are counted apart.</summary>
    private const long MetadataBytesForEach = 512;

    [Fact]
    public void Reads_and_writes_flush_what_was_written_and_its_metadata_and_no_more()
    {
        using CountingMedium medium = new(128 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true, Store = new StoreOptions { BackgroundWork = false } });
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[MappedBytes]);
        using (file.Pin(0, MappedBytes, PinAccess.Write))
        {
            // All of it may have been stored to: a sync would have 8 MiB to flush.
        }

        byte[] bytes = Bytes.Of(Page, 1);
        Random random = new(1);
        volume.CheckpointNow();
        medium.Take();
        for (int i = 0; i < Operations; i++)
        {
            Assert.Equal(Page, file.Read(random.Next(MappedBytes - Page), bytes));
        }

        Assert.Equal(0, medium.Take());
        for (int i = 0; i < Operations; i++)
        {
            file.Write(random.Next(MappedBytes - Page), bytes);
        }

        Assert.Equal(Operations * Page, medium.Take());
        using AditFile log = volume.OpenFile("/log", FileMode.Create);
        medium.Take();
        for (int i = 0; i < Operations; i++)
        {
            log.Append(bytes);
        }

        Assert.InRange(medium.Take(), Operations * Page, Operations * (Page + MetadataBytesForEach));
        Assert.Equal(0, file.Mapping.ReadStatistics().FlushedBytes);
        file.Flush();
        Assert.Equal(MappedBytes, file.Mapping.ReadStatistics().FlushedBytes);
    }
}

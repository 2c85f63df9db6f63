using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Concurrency;

public sealed class RemovalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The removal waits for the reader with no transaction begun: whoever writes another file meanwhile does not wait for either.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Removal_that_waits_for_a_reader_holds_up_no_transaction(int links)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/folder");
        using AditFile other = volume.OpenFile("/other", FileMode.CreateNew);
        using AditFile read = volume.OpenFile("/folder/file", FileMode.CreateNew);
        read.Write(0, Bytes.Of(100, 1));
        if (links == 2)
        {
            volume.CreateLink("/folder/file", "/folder/second");
        }

        MediumSegment[] segments = new MediumSegment[4];
        Thread removal;
        Assert.Equal(Errno.Success, read.Node.BeginDirectRead(0, 100, segments, out _, out _));
        try
        {
            removal = Begin(() => volume.Delete("/folder/file"));
            Assert.False(removal.Join(TimeSpan.FromMilliseconds(200)), "the file is locked by its reader: it was removed all the same");
            for (int count = 0; count < 100; count++)
            {
                int seed = count;
                Assert.True(Begin(() => other.Append(Bytes.Of(5000, seed))).Join(Patience), "an append to another file waits");
            }

            Assert.True(removal.IsAlive);
        }
        finally
        {
            read.Node.EndDirectRead();
        }

        Assert.True(removal.Join(Patience));
        Assert.False(volume.Exists("/folder/file"));
        Assert.Equal(links == 2, volume.Exists("/folder/second"));
        VolumeProof.Check(volume);
    }

    private static Thread Begin(Action action)
    {
        Thread thread = new(() => action()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}

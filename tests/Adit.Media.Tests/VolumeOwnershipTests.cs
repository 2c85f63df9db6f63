using Adit.Interop;
using Adit.Interop.Linux;
using Adit.TestKit;

namespace Adit.Media.Tests;

public sealed class VolumeOwnershipTests
{
    [Fact]
    public void Reader_becomes_the_writer_when_nobody_else_reads_and_a_reader_again()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File();
        MediumFactory.Create(path, new MediumOptions { CreateSizeBytes = 1 << 20 }).Dispose();
        using FileDescriptor reader = VolumeOwnership.Take(path, readOnly: true);
        Assert.False(VolumeOwnership.IsWritable(reader));
        using FileDescriptor writer = VolumeOwnership.OpenForWriting(reader, path);
        Assert.True(VolumeOwnership.IsWritable(writer));

        // One more reader is all that the second one is so far.
        using (MediumFactory.Open(path, new MediumOptions { ReadOnly = true }))
        {
            Assert.Equal(Errno.EBUSY, Assert.Throws<MediumException>(() => VolumeOwnership.Pass(reader, writer, path)).Errno);
        }

        ExpectReadersOnly(path);
        VolumeOwnership.Pass(reader, writer, path);
        ExpectNobody(path);
        using (Medium medium = MediumFactory.Open(path, new MediumOptions { Descriptor = writer.DangerousNumber }))
        {
            medium.Write(0, [1]);
            medium.Fence();
        }

        ExpectNobody(path);
        VolumeOwnership.Share(writer, path);
        ExpectReadersOnly(path);

        // A server that only reads is given the writer's descriptor too, and leaves its lock alone.
        VolumeOwnership.Pass(writer, writer, path);
        MediumFactory.Open(path, new MediumOptions { ReadOnly = true, Descriptor = writer.DangerousNumber }).Dispose();
        ExpectNobody(path);
    }

    [Fact]
    public void Reader_that_lost_the_volume_to_a_writer_is_told_so()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File();
        MediumFactory.Create(path, new MediumOptions { CreateSizeBytes = 1 << 20 }).Dispose();
        using FileDescriptor reader = VolumeOwnership.Take(path, readOnly: true);
        Assert.Equal(0, Libc.flock(reader, Libc.LOCK_UN));
        using Medium writer = MediumFactory.Open(path, new MediumOptions());
        Assert.Equal(Errno.ESTALE, Assert.Throws<MediumException>(() => VolumeOwnership.Share(reader, path)).Errno);
        Assert.Equal(Errno.ESTALE, Assert.Throws<MediumException>(() => VolumeOwnership.Pass(reader, reader, path)).Errno);
    }

    [Fact]
    public void File_that_cannot_be_written_stays_a_readers()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File();
        MediumFactory.Create(path, new MediumOptions { CreateSizeBytes = 1 << 20 }).Dispose();
        using FileDescriptor reader = VolumeOwnership.Take(path, readOnly: true);
        using FileDescriptor gone = new(Libc.fcntl(reader.DangerousNumber, Libc.F_DUPFD_CLOEXEC, 0));
        gone.Dispose();
        Assert.Throws<MediumException>(() => VolumeOwnership.OpenForWriting(gone, path));
        ExpectReadersOnly(path);
    }

    private static void ExpectReadersOnly(string path)
    {
        MediumFactory.Open(path, new MediumOptions { ReadOnly = true }).Dispose();
        Assert.Equal(Errno.EBUSY, Assert.Throws<MediumException>(() => MediumFactory.Open(path, new MediumOptions { WaitForOwner = false }).Dispose()).Errno);
    }

    private static void ExpectNobody(string path) => Assert.Equal(
        Errno.EBUSY, Assert.Throws<MediumException>(() => MediumFactory.Open(path, new MediumOptions { ReadOnly = true, WaitForOwner = false }).Dispose()).Errno);
}

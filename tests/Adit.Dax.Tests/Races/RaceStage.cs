using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;

namespace Adit.Dax.Tests.Races;

/// <summary>A file of two chunks, of which the second is what a race is about.</summary>
internal sealed class RaceStage : IDisposable
{
    public const int Page = PageIndex.PageBytes;
    public const int Huge = 2 << 20;

    private readonly MappedFile _file;

    public RaceStage(PageShape shape, bool hasBlocks, PointMeeting meeting, DaxBrokenVariant broken)
    {
        Shape = shape;
        _file = new MappedFile(new AddressSpaceOptions { OnPoint = meeting.OnPoint, Broken = broken }, sizeBytes: 2 * Huge);
        if (hasBlocks)
        {
            GiveBlocks();
        }
    }

    public PageShape Shape { get; }

    public FakeFile File => _file.File;

    public AddressSpace Space => _file.Space;

    public FakeVolume Volume => _file.Volume;

    /// <summary>The file's first byte in the contested chunk.</summary>
    public static long Chunk => Huge;

    /// <summary>A page of the contested chunk that is like the others.</summary>
    public long Target { get; } = Huge + (5 * Page);

    public static PageRange ChunkPages { get; } = new(new PageIndex(PageIndex.PagesPerHuge), PageIndex.PagesPerHuge);

    public PageRange TargetPages => new(new PageIndex(Target / Page), 1);

    public byte Load(long offsetBytes) => _file.Load(offsetBytes);

    public void Store(long offsetBytes, byte value) => _file.Store(offsetBytes, value);

    /// <summary>Stores one byte if the page is still inside the file.</summary>
    public Errno TryStore(long offsetBytes, byte value)
    {
        Errno errno = Space.Pin(offsetBytes, 1, PinAccess.Write, out Pin pin);
        if (errno == Errno.Success)
        {
            pin.WritableSpan[0] = value;
            pin.Dispose();
        }

        return errno;
    }

    /// <summary>Loads one byte if the page is still inside the file.</summary>
    public Errno TryLoad(long offsetBytes, out byte value)
    {
        Errno errno = Space.Pin(offsetBytes, 1, PinAccess.Read, out Pin pin);
        value = 0;
        if (errno == Errno.Success)
        {
            value = pin.Span[0];
            pin.Dispose();
        }

        return errno;
    }

    /// <summary>Nothing is left behind: no pin, and each page is as the file has it.</summary>
    public void CheckSound()
    {
        Assert.Equal(0, Space.ReadStatistics().Pins);
        if (TryLoad(0, out _) == Errno.EBADF)
        {
            Assert.True(Space.IsEmpty, "entries are left of what was evicted");
            return;
        }

        for (long offset = Chunk; offset < Math.Min(Chunk + (128 * Page), File.SizeBytes); offset += Page)
        {
            Assert.Equal(File.Read(offset, 1)[0], Load(offset));
        }

        // One size in a chunk: 512 pages or one entry, never both.
        Assert.True(Space.ReadStatistics().Entries <= 2 * PageIndex.PagesPerHuge, "both sizes live");
        Assert.Equal(Errno.Success, Space.Writeback(PageRange.All));
    }

    public void Dispose() => _file.Dispose();

    private void GiveBlocks()
    {
        switch (Shape)
        {
            case PageShape.Huge:
                File.Preallocate(ChunkPages);
                Assert.Equal(Errno.Success, File.Write(Chunk, new byte[Huge]));
                break;
            case PageShape.Pages:
                // From behind, so that no two lie one behind the other.
                for (int page = 63; page >= 0; page--)
                {
                    Assert.Equal(Errno.Success, File.Write(Chunk + (page * Page), [0]));
                }

                break;
            default:
                Assert.Equal(Errno.Success, File.Write(0, [0]));
                Assert.Equal(Errno.Success, File.Write(Chunk, new byte[Huge / 2]));
                break;
        }
    }
}

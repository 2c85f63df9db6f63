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
        Volume.FreedByte = 0xDD;
        if (hasBlocks)
        {
            GiveBlocks();
        }
        else
        {
            MakeHole();
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

        long pages = 0;
        for (long offset = Chunk; offset < File.SizeBytes; offset += Page, pages++)
        {
            Assert.Equal(File.Read(offset, 1)[0], Load(offset));
        }

        // One size in a chunk, now that each page of it is mapped: one entry or as many as there are pages, never both. The other chunk has one,
        // unless it was cut.
        long entries = Space.ReadStatistics().Entries - Math.Min(File.SizeBytes, 1);
        Assert.True(entries == Math.Min(pages, 1) || entries == pages, $"{entries} entries for {pages} pages");
        Assert.Equal(Errno.Success, Space.Writeback(PageRange.All));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The whole chunk reads as zeros.</summary>
    private void MakeHole()
    {
        switch (Shape)
        {
            case PageShape.Huge:
                break;
            case PageShape.Pages:
                // One block, so that no fault can have the chunk as a whole.
                Assert.Equal(Errno.Success, File.Write(Chunk + (300 * Page), new byte[Page]));
                break;
            default:
                File.Preallocate(ChunkPages);
                break;
        }
    }

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

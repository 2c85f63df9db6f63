using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests;

public sealed class FaultTests
{
    private const int Page = PageIndex.PageBytes;
    private const int Huge = 2 << 20;

    [Fact]
    public void Hole_read_gives_shared_zeros_and_allocates_nothing()
    {
        using MappedFile file = new();
        Assert.Equal(0, file.Load(5 * Page));
        Assert.Equal(0, file.Load(3 * Huge));
        Assert.Equal(0, file.File.MakeWritableCount);
        CheckReadFaults(file, pageReads: 0, hugeReads: 2);
        Assert.Equal(Errno.Success, file.Space.Pin(5 * Page, 100, PinAccess.Read, out Pin one));
        Assert.Equal(Errno.Success, file.Space.Pin(Huge + (5 * Page), 100, PinAccess.Read, out Pin other));
        Assert.True(System.Runtime.CompilerServices.Unsafe.AreSame(
            in one.Ref<byte>(), in other.Ref<byte>()), "two holes show the same zeros");
        one.Dispose();
        other.Dispose();
    }

    [Fact]
    public void Write_to_a_hole_gives_blocks_zeroed_but_for_what_is_stored()
    {
        using MappedFile file = new();
        file.Store(5 * Page, 7);
        Assert.Equal(7, file.File.Read(5 * Page, 1)[0]);
        Assert.Equal(0, file.File.Read((5 * Page) + 8, 1)[0]);
        Assert.Equal(1, file.File.MakeWritableCount);
        Assert.Equal(1, file.File.ModifiedCount);
    }

    [Fact]
    public void Unwritten_blocks_read_as_zeros_and_are_converted_by_the_first_store()
    {
        using MappedFile file = new();
        file.File.Preallocate(new PageRange(default, 4));
        long block = file.File.MediumPageOf(1);
        file.Medium.Write(block * Page, [9, 9, 9]);
        Assert.Equal(0, file.Load(Page));
        file.Store(Page + 100, 7);
        Assert.Equal(block, file.File.MediumPageOf(1));
        Assert.Equal(0, file.Load(Page));
        Assert.Equal(7, file.Load(Page + 100));
    }

    [Fact]
    public void Access_behind_the_end_is_refused()
    {
        using MappedFile file = new(sizeBytes: (3 * Page) + 1);
        Assert.Equal(0, file.Load(3 * Page));
        Assert.Equal(Errno.ENXIO, file.Space.Pin(4 * Page, 1, PinAccess.Read, out _));
        Assert.Equal(Errno.ENXIO, file.Space.Pin(3 * Page, Page + 1, PinAccess.Read, out _));
        Assert.Equal(Errno.ENXIO, file.Space.Pin(3 * Page, Page + 1, PinAccess.Write, out _));
        Assert.Equal(Errno.ENXIO, file.Space.Pin(1L << 50, 1, PinAccess.Read, out _));
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(0, -5)]
    [InlineData(long.MaxValue, 2)]
    public void Range_that_makes_no_sense_is_refused(long offsetBytes, long lengthBytes)
    {
        using MappedFile file = new();
        Assert.Equal(Errno.EINVAL, file.Space.Pin(offsetBytes, lengthBytes, PinAccess.Read, out _));
    }

    [Fact]
    public void Full_file_system_is_an_error_of_the_access_and_changes_nothing()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        file.Volume.FreePages = 0;
        Assert.Equal(Errno.ENOSPC, file.Space.Pin(9 * Page, 1, PinAccess.Write, out _));
        Assert.Equal(-1, file.File.MediumPageOf(9));
        Assert.Equal(0, file.Load(9 * Page));
        file.Volume.FreePages = 100;
        file.Store(9 * Page, 1);
    }

    [Fact]
    public void Full_file_system_in_the_middle_of_a_range_leaves_no_pin()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        file.Volume.FreePages = 0;
        Assert.Equal(Errno.ENOSPC, file.Space.Pin(0, 2 * Page, PinAccess.Write, out _));
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
    }

    [Fact]
    public void Answer_that_makes_no_sense_is_an_input_output_error_and_leaves_no_entry()
    {
        using MappedFile file = new(sizeBytes: 100 * Page);
        LayoutExtent[] answers =
        [
            new(new PageRange(new PageIndex(50), 1), LayoutKind.Mapped, new MediumPage(1)),
            new(new PageRange(default, 100), (LayoutKind)9, new MediumPage(1)),
            new(new PageRange(default, 100), LayoutKind.Mapped, new MediumPage(file.Medium.LengthBytes / Page)),
            new(new PageRange(default, 100), LayoutKind.Mapped, MediumPage.None),
        ];
        foreach (LayoutExtent answer in answers)
        {
            file.File.Answer = _ => answer;
            Assert.Equal(Errno.EIO, file.Space.Pin(0, 1, PinAccess.Read, out _));
            Assert.True(file.Space.IsEmpty);
        }

        file.File.Answer = null;
        Assert.Equal(0, file.Load(0));
    }

    [Fact]
    public void Read_only_file_gives_no_write_access()
    {
        using MappedFile file = new(isReadOnly: true);
        Assert.Equal(Errno.EROFS, file.Space.Pin(0, 1, PinAccess.Write, out _));
        Assert.Equal(0, file.Load(0));
    }

    [Fact]
    public void Aligned_chunk_is_one_entry()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.Space.Pin(Huge, Huge, PinAccess.Write, out Pin pin));
        Assert.True(pin.IsContiguous);
        pin.WritableSpan.Fill(3);
        pin.Dispose();
        Assert.Equal(1, file.Space.ReadStatistics().Entries);
        Assert.Equal(1, file.Space.ReadStatistics().HugeWriteFaults);
        Assert.Equal(3, file.File.Read((2 * Huge) - 1, 1)[0]);
    }

    [Fact]
    public void Small_store_into_a_large_hole_gives_one_page_only()
    {
        using MappedFile file = new();
        long free = file.Volume.FreePages;
        file.Store(Huge + Page, 1);
        Assert.Equal(free - 1, file.Volume.FreePages);
        Assert.Equal(1, file.Space.ReadStatistics().HugeFallbacks);
    }

    [Fact]
    public void Chunk_whose_blocks_are_scattered_falls_back_to_pages()
    {
        using MappedFile file = new();
        for (int i = 1023; i >= 0; i--)
        {
            Assert.Equal(Errno.Success, file.File.Write((long)i * Page, [(byte)i]));
        }

        Assert.Equal(Errno.Success, file.Space.Pin(Huge, Huge, PinAccess.Read, out Pin pin));
        Assert.False(pin.IsContiguous);
        Assert.Equal(7, pin.SegmentAt(7 * Page)[0]);
        pin.Dispose();
        Assert.Equal(512, file.Space.ReadStatistics().Entries);
    }

    [Fact]
    public void Chunk_that_the_end_of_the_file_cuts_is_mapped_by_pages()
    {
        using MappedFile file = new(sizeBytes: Huge - Page - 1);
        Assert.Equal(Errno.Success, file.Space.Populate(0, file.File.SizeBytes, PinAccess.Write));
        Assert.Equal(511, file.Space.ReadStatistics().Entries);
        Assert.Equal(0, file.Space.ReadStatistics().HugeWriteFaults);
    }

    [Fact]
    public void Many_threads_that_fault_a_fresh_page_get_one_block_and_one_entry()
    {
        using MappedFile file = new();
        for (int round = 0; round < 200; round++)
        {
            long page = round;
            Racer.Run(6, id =>
            {
                Assert.Equal(Errno.Success, file.Space.Pin(page * Page, 8, PinAccess.Write, out Pin pin));
                pin.WritableRef<byte>(id) = (byte)(id + 1);
                pin.Dispose();
            });
            Assert.Equal([1, 2, 3, 4, 5, 6], file.File.Read(page * Page, 6));
            Assert.Equal(round + 1, file.Space.ReadStatistics().Entries);
        }

        Assert.Equal(200, file.File.MakeWritableCount);
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
    }

    [Fact]
    public void Shared_page_is_copied_for_the_one_who_stores()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        long shared = file.File.MediumPageOf(0);
        Assert.Equal(1, file.Load(0));
        Assert.Equal(Errno.ENOTSUP, file.Space.Pin(0, 1, PinAccess.Write | PinAccess.Direct, out _));
        file.Store(0, 2);
        Assert.NotEqual(shared, file.File.MediumPageOf(0));
        Assert.Equal(1, clone.Read(0, 1)[0]);
    }

    [Fact]
    public void Copying_a_shared_page_waits_for_those_who_read_it_and_gives_up()
    {
        using MappedFile file = new(new AddressSpaceOptions { CopyPatience = TimeSpan.FromMilliseconds(30) });
        file.Store(0, 1);
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        Assert.Equal(Errno.Success, file.Space.Pin(0, 1, PinAccess.Read, out Pin reader));
        Assert.Equal(Errno.EBUSY, file.Space.Pin(0, 1, PinAccess.Write, out _));
        Assert.Equal(1, reader.Span[0]);
        reader.Dispose();
        file.Store(0, 2);
    }

    [Fact]
    public void Failed_copy_leaves_the_old_bytes()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        file.File.WriteOutcome = Errno.EIO;
        Assert.Equal(Errno.EIO, file.Space.Pin(0, 1, PinAccess.Write, out _));
        Assert.Equal(1, file.Load(0));
        Assert.Equal(1, clone.Read(0, 1)[0]);
    }

    [Fact]
    public void Raw_medium_is_mapped_whole_by_huge_pages()
    {
        using MemoryMedium medium = new(16 << 20);
        AddressSpace space = new(new RawMediumLayout(medium));
        Assert.Equal(Errno.Success, space.Pin(Huge + 5, 100, PinAccess.Write, out Pin pin));
        pin.WritableSpan[0] = 9;
        pin.Dispose();
        Assert.Equal(9, medium.Span(Huge + 5, 1)[0]);
        Assert.Equal(Errno.ENXIO, space.Pin(16 << 20, 1, PinAccess.Write, out _));
        Assert.Equal(1, space.ReadStatistics().HugeWriteFaults);
        Assert.Equal(Errno.ENOTSUP, space.Pin(0, 1, PinAccess.Write | PinAccess.Sync, out _));
    }

    private static void CheckReadFaults(MappedFile file, long pageReads, long hugeReads)
    {
        Assert.Equal(pageReads, file.Space.ReadStatistics().PageReadFaults);
        Assert.Equal(hugeReads, file.Space.ReadStatistics().HugeReadFaults);
    }
}

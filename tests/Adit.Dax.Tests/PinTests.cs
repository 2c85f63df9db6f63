using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.Media;
using Adit.TestKit;

namespace Adit.Dax.Tests;

public sealed class PinTests
{
    private const int Page = PageIndex.PageBytes;
    private const int Huge = 2 << 20;

    [Fact]
    public void Pin_is_the_bytes_of_the_file_themselves()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.File.Write(0, [1, 2, 3]));
        Assert.Equal(Errno.Success, file.Space.Pin(0, 3, PinAccess.Read, out Pin pin));
        Assert.Equal(Errno.Success, file.File.Write(1, [9]));
        Assert.Equal(9, pin.Span[1]);
        pin.Dispose();
    }

    [Fact]
    public void Pin_of_a_present_page_allocates_nothing()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        Assert.Equal(0, file.Load(100 * Page));
        long before = 0;
        for (int i = 0; i < 2000; i++)
        {
            if (i == 1000)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            _ = file.Space.Pin(0, 8, PinAccess.Write, out Pin writer);
            writer.Dispose();
            _ = file.Space.Pin(0, 8, PinAccess.Read, out Pin reader);
            reader.Dispose();
            _ = file.Space.Pin(100 * Page, 8, PinAccess.Read, out Pin zeros);
            zeros.Dispose();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
    }

    [Fact]
    public void Pins_are_counted_from_zero_and_back()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 1, PinAccess.Read, out Pin one));
        Assert.Equal(Errno.Success, file.Space.Pin(1, 1, PinAccess.Write, out Pin two));
        Assert.Equal(2, file.Space.ReadStatistics().Pins);
        one.Dispose();
        one.Dispose();
        Assert.Equal(1, file.Space.ReadStatistics().Pins);
        two.Dispose();
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
    }

    [Fact]
    public void More_pins_of_a_page_than_can_be_counted_are_refused()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        for (int i = 0; i < ushort.MaxValue; i++)
        {
            Assert.Equal(Errno.Success, file.Space.Pin(0, 1, PinAccess.Read, out _));
        }

        Assert.Equal(Errno.EOVERFLOW, file.Space.Pin(0, 1, PinAccess.Read, out _));
        Assert.Equal(ushort.MaxValue, file.Space.ReadStatistics().Pins);
    }

    [Fact]
    public void Read_pin_gives_no_writable_span()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        Assert.Equal(0, pin.Ref<long>());
        try
        {
            _ = pin.WritableSpan;
            Assert.Fail("a read pin gave a writable span");
        }
        catch (InvalidOperationException)
        {
        }

        try
        {
            pin.WritableRef<long>() = 1;
            Assert.Fail("a read pin gave a writable reference");
        }
        catch (InvalidOperationException)
        {
        }

        pin.Dispose();
        Assert.Equal(0, file.File.MakeWritableCount);
    }

    [Fact]
    public void Disposed_pin_gives_nothing()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        pin.Dispose();
        try
        {
            _ = pin.Span;
            Assert.Fail("a disposed pin gave a span");
        }
        catch (InvalidOperationException)
        {
        }
    }

    [Fact]
    public void Range_over_scattered_blocks_comes_in_segments()
    {
        using MappedFile file = new(sizeBytes: 10 * Page);
        foreach (int page in (int[])[4, 2, 0])
        {
            Assert.Equal(Errno.Success, file.File.Write(page * Page, [(byte)(page + 1)]));
        }

        // The second time all of it is present.
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(Errno.Success, file.Space.Pin(10, (5 * Page) - 20, PinAccess.Read, out Pin pin));
            Assert.Equal(5, pin.SegmentCount);
            long total = 0;
            List<int> lengths = [];
            while (total < pin.LengthBytes)
            {
                lengths.Add(pin.SegmentAt(total).Length);
                total += lengths[^1];
            }

            Assert.Equal([Page - 10, Page, Page, Page, Page - 10], lengths);
            Assert.Equal(3, pin.SegmentAt((2 * Page) - 10)[0]);
            Assert.Equal(3, file.Space.ReadStatistics().Pins);
            pin.Dispose();
            Assert.Equal(0, file.Space.ReadStatistics().Pins);
        }
    }

    [Fact]
    public void Range_over_blocks_side_by_side_is_one_span()
    {
        using MappedFile file = new(sizeBytes: 100 * Page);
        Assert.Equal(Errno.Success, file.Space.Pin(Page, 20 * Page, PinAccess.Write, out Pin pin));
        Assert.True(pin.IsContiguous);
        Assert.Equal(20 * Page, pin.WritableSpan.Length);
        Assert.Equal(1, file.File.MakeWritableCount);
        pin.Dispose();
    }

    [Fact]
    public void Pin_at_an_offset_beyond_4_GiB_works()
    {
        using MappedFile file = new(sizeBytes: 1L << 42);
        file.Store((1L << 41) + 12345, 7);
        Assert.Equal(7, file.Load((1L << 41) + 12345));
        Assert.Equal(0, file.Load((1L << 42) - 1));
    }

    [Fact]
    public void Zeros_that_are_pinned_stay_zeros_when_a_block_appears()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        file.Store(0, 5);
        Assert.Equal(0, pin.Span[0]);
        Assert.Equal(5, file.Load(0));
        pin.Dispose();
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
    }

    [Fact]
    public void Long_pin_shows_its_holder_and_its_memory_keeps_the_range_until_no_one_uses_it()
    {
        using MappedFile file = new();
        LeaseOptions lease = new() { Purpose = "the index" };
        Assert.Equal(Errno.Success, file.Space.PinLong(0, 2 * Page, PinAccess.Write, lease, out LongPin? pin));
        LeaseHolder holder = Assert.Single(file.Space.FindHolders(PageRange.All));
        Assert.Equal("the index", holder.Purpose);
        Assert.Equal(Environment.ProcessId, holder.ProcessId);
        Assert.Equal(2, holder.Pages.PageCount);
        pin!.WriteSegment(0).Span[0] = 3;
        ReadOnlyMemory<byte> memory = pin.ReadSegment(0);
        System.Buffers.MemoryHandle handle = memory.Pin();
        pin.Dispose();
        Assert.Equal(2, file.Space.ReadStatistics().Pins);
        Assert.Throws<ObjectDisposedException>(() => pin.ReadSegment(0).Span[0]);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin().Dispose());
        handle.Dispose();
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
        Assert.Empty(file.Space.FindHolders(PageRange.All));
        Assert.Equal(3, file.Load(0));
    }

    [Fact]
    public void Long_pin_that_cannot_have_all_of_its_range_keeps_nothing()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        file.Volume.FreePages = 0;
        Assert.Equal(Errno.ENOSPC, file.Space.PinLong(0, 2 * Page, PinAccess.Write, new LeaseOptions { Purpose = "test" }, out LongPin? pin));
        Assert.Null(pin);
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
        Assert.Empty(file.Space.FindHolders(PageRange.All));
    }

    [Fact]
    public void Long_pin_for_reading_gives_no_writable_memory()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.Space.PinLong(0, Page, PinAccess.Read, new LeaseOptions { Purpose = "" }, out LongPin? pin));
        Assert.Throws<InvalidOperationException>(() => pin!.WriteSegment(0));
        Assert.Equal(Page, pin!.AsSequence().Length);
        pin.Dispose();
    }

    [Fact]
    public async Task Pinned_range_is_the_buffer_of_other_input_and_output()
    {
        using MappedFile file = new();
        string path = TestRoot.MakeName("adit-pin-");
        try
        {
            byte[] bytes = new byte[3 * Page];
            new Random(5).NextBytes(bytes);
            await File.WriteAllBytesAsync(path, bytes);
            Assert.Equal(Errno.Success, file.Space.PinLong(0, bytes.Length, PinAccess.Write, new LeaseOptions { Purpose = "copy" }, out LongPin? pin));
            using (pin)
            using (Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path))
            {
                int read = await RandomAccess.ReadAsync(handle, pin!.WriteSegment(0), 0);
                Assert.Equal(bytes.Length, read);
            }

            Assert.Equal(bytes, file.File.Read(0, bytes.Length));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(false, 10)]
    [InlineData(true, 16)]
    public void Mapped_memory_costs_at_most_16_bytes_of_state_for_each_page(bool isHuge, int atMost)
    {
        using MemoryMedium medium = new(1L << 40);
        EveryPageLayout layout = new(medium, isHuge);
        AddressSpace space = new(layout);
        long empty = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(Errno.Success, space.Pin(1L << 39, 1, PinAccess.Read, out Pin pin));
        pin.Dispose();
        long one = GC.GetAllocatedBytesForCurrentThread() - empty;
        Assert.True(one < 16_384, $"one page of 1 TiB costs {one} bytes");

        long entries = isHuge ? 1 << 18 : 1 << 16;
        long lengthBytes = entries * (isHuge ? Huge : Page);
        Assert.Equal(Errno.Success, space.Populate(0, lengthBytes, PinAccess.Read));
        long bytes = GC.GetAllocatedBytesForCurrentThread() - empty;
        Assert.Equal(entries + 1, space.ReadStatistics().Entries);
        Assert.True(bytes / (double)entries <= atMost, $"{bytes / (double)entries:F2} bytes for each");
    }
}

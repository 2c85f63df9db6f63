using Adit.Dax.Breaking;
using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Statistics;
using Adit.Dax.Tests.Fakes;
using Adit.Dax.Tests.Views;
using Adit.Dax.Views;
using Adit.Interop;

namespace Adit.Dax.Tests;

/// <summary>Entries of 1 GiB, over memory that is mapped in as large units as a device-DAX device may be.</summary>
public sealed unsafe class GiantEntryTests
{
    private const long Giant = 1L << 30;
    private const long Huge = 2L << 20;
    private const int Page = PageIndex.PageBytes;
    private const ulong Locked = PageEntry.Locked;

    [Fact]
    public void Device_of_1_GiB_units_is_mapped_by_entries_of_1_GiB_and_its_end_by_smaller_ones()
    {
        using DeviceLikeMedium medium = new((2 * Giant) + Huge + Page, (int)Giant);
        AddressSpace space = new(new RawMediumLayout(medium));
        Store(space, Giant + 5, 9);
        Assert.Equal(9, medium.Start[Giant + 5]);
        Store(space, (2 * Giant) - 1, 8);
        Store(space, (2 * Giant) + 7, 7);
        Store(space, (2 * Giant) + Huge, 6);

        MappingStatistics statistics = space.ReadStatistics();
        Assert.Equal((1, 1, 1), (statistics.GiantWriteFaults, statistics.HugeWriteFaults, statistics.PageWriteFaults));
        Assert.Equal(3, statistics.Entries);
        Assert.Equal(0, statistics.GiantFallbacks);
    }

    [Fact]
    public void Medium_that_is_mapped_by_pages_has_no_entries_of_1_GiB()
    {
        using DeviceLikeMedium medium = new(Giant);
        AddressSpace space = new(new RawMediumLayout(medium));
        Store(space, 0, 1);
        Assert.Equal((0, 1), (space.ReadStatistics().GiantWriteFaults, space.ReadStatistics().HugeWriteFaults));
    }

    [Theory]
    [InlineData(512, 1, 0)]
    [InlineData(3, 0, 1)]
    public void Layout_that_is_out_of_phase_falls_back_and_it_is_counted(long shiftPages, long hugeFaults, long pageFaults)
    {
        using DeviceLikeMedium medium = new(2 * Giant, (int)Giant);
        AddressSpace space = new(new EveryPageLayout(medium, isHuge: true, shiftPages));
        Assert.Equal(Errno.Success, space.Pin(5 * Page, 8, PinAccess.Read, out Pin pin));
        pin.Dispose();

        MappingStatistics statistics = space.ReadStatistics();
        Assert.Equal((0, hugeFaults, pageFaults), (statistics.GiantReadFaults, statistics.HugeReadFaults, statistics.PageReadFaults));
        Assert.Equal((1, pageFaults), (statistics.GiantFallbacks, statistics.HugeFallbacks));
        Assert.Equal(1, statistics.Entries);
    }

    [Fact]
    public void Sync_flushes_the_pages_that_were_stored_to_and_nothing_the_second_time()
    {
        using DeviceLikeMedium medium = new(Giant, (int)Giant);
        AddressSpace space = new(new RawMediumLayout(medium));
        Store(space, 0, 1);
        Store(space, Giant - 1, 1);
        Store(space, Giant / 2, 1);
        Assert.Equal(Errno.Success, space.Pin((64 << 15) - 8, 16, PinAccess.Write, out Pin across));
        across.Dispose();
        Assert.Equal(Errno.Success, space.Writeback(PageRange.All));
        Assert.Equal(5 * Page, space.ReadStatistics().FlushedBytes);
        Assert.Equal(Errno.Success, space.Writeback(PageRange.All));
        Assert.Equal(5 * Page, space.ReadStatistics().FlushedBytes);

        Store(space, Giant / 2, 2);
        Assert.Equal(Errno.Success, space.Writeback(new PageRange(new PageIndex(1), 1)));
        Assert.Equal(6 * Page, space.ReadStatistics().FlushedBytes);
    }

    [Fact]
    public void Change_of_a_page_waits_for_a_pin_anywhere_in_its_giant_entry()
    {
        using DeviceLikeMedium medium = new(2 * Giant, (int)Giant);
        AddressSpace space = new(new RawMediumLayout(medium));
        Assert.Equal(Errno.Success, space.Pin(Giant + (100 * Page), 8, PinAccess.Read, out Pin pin));
        PageRange pages = new(new PageIndex((2 * Giant / Page) - 1), 1);
        Assert.Equal(Errno.EBUSY, LayoutBreak.Run(space, pages, new BreakOptions { NoWait = true }, () => Errno.Success));
        Assert.Equal(Errno.Success, LayoutBreak.Run(space, new PageRange(default, 5), new BreakOptions { NoWait = true }, () => Errno.Success));
        pin.Dispose();
        Assert.Equal(Errno.Success, LayoutBreak.Run(space, pages, new BreakOptions { NoWait = true }, () => Errno.Success));
        Assert.True(space.IsEmpty);
    }

    [Fact]
    public void Map_of_a_device_of_1_GiB_units_lies_in_memory_as_in_the_device()
    {
        using DeviceLikeMedium medium = new(3 * Giant, (int)Giant);
        AddressSpace space = new(new RawMediumLayout(medium));
        Assert.Equal(Errno.Success, View.TryMap(space, Giant + (3 * Page), Page, new ViewOptions(), out View? view, out _));
        using (view)
        {
            medium.Start[Giant + (3 * Page)] = 77;
            fixed (byte* start = view!.Span)
            {
                Assert.Equal(77, *start);
                Assert.Equal(3 * Page, (long)start & (Giant - 1));
            }
        }
    }

    [Fact]
    public void Entries_of_different_sizes_are_never_in_one_place()
    {
        EntryTree tree = new(1);
        long page = 5L << 18;
        Assert.True(tree.TryInsert(page + 700, EntrySize.Page, new PageEntry(Locked), false, out EntryRef single));
        Assert.False(tree.TryInsert(page, EntrySize.Giant, new PageEntry(Locked), false, out _));
        tree.Remove(single);
        Assert.True(tree.TryInsert(page + 700, EntrySize.Huge, new PageEntry(Locked), false, out EntryRef huge));
        Assert.False(tree.TryInsert(page, EntrySize.Giant, new PageEntry(Locked), false, out _));
        tree.Remove(huge);
        Assert.True(tree.TryInsert(page + 700, EntrySize.Giant, new PageEntry(Locked), false, out EntryRef giant));
        Assert.Equal(new PageRange(new PageIndex(page), 1 << 18), giant.Pages);
        Assert.False(tree.TryInsert(page + 512, EntrySize.Huge, new PageEntry(Locked), false, out _));
        Assert.False(tree.TryInsert(page + (1 << 18) - 1, EntrySize.Page, new PageEntry(Locked), false, out _));
        Assert.True(tree.TryInsert(page - 1, EntrySize.Page, new PageEntry(Locked), false, out _));
        Assert.True(tree.TryInsert(page + (1 << 18), EntrySize.Page, new PageEntry(Locked), false, out _));
        Assert.True(tree.TryFind(page + 70_000, out EntryRef found));
        Assert.Equal(giant, found);
    }

    private static void Store(AddressSpace space, long offsetBytes, byte value)
    {
        Assert.Equal(Errno.Success, space.Pin(offsetBytes, 1, PinAccess.Write, out Pin pin));
        pin.WritableSpan[0] = value;
        pin.Dispose();
    }
}

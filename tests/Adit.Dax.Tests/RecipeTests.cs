using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;

namespace Adit.Dax.Tests;

/// <summary>Defects that other systems had, each as the steps that show it; <c>docs/DAX-RECIPES.md</c> says which.</summary>
public sealed class RecipeTests
{
    private const int Page = PageIndex.PageBytes;
    private const int Huge = 2 << 20;

    [Fact]
    public void Full_file_system_is_told_by_a_store_into_a_huge_hole_whose_bytes_stay_zeros()
    {
        using MappedFile file = new();
        file.Volume.FreePages = 100;
        Assert.Equal(Errno.ENOSPC, file.Space.Pin(Huge, Huge, PinAccess.Write, out _));
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
        for (long offset = Huge; offset < 2 * Huge; offset += Page)
        {
            Assert.Equal(0, file.Load(offset));
        }

        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(new PageIndex(512), 512)));
        Assert.Equal(100, file.Volume.FreePages);
    }

    [Fact]
    public void Synchronous_store_that_found_no_space_works_as_soon_as_there_is_some()
    {
        using CrashRig rig = new(commitsAreDurable: false);
        long free = rig.Volume.FreePages;
        rig.Volume.FreePages = 0;
        Assert.Equal(Errno.ENOSPC, rig.Space.Pin(3 * Page, 8, PinAccess.Write | PinAccess.Sync, out _));
        rig.Volume.FreePages = free;
        Assert.Equal(Errno.Success, rig.Space.Pin(3 * Page, 8, PinAccess.Write | PinAccess.Sync, out Pin pin));
        pin.WritableSpan.Fill(0x41);
        rig.Medium.MarkStored(rig.File.MediumPageOf(3) * Page, 8);
        rig.Medium.Fence();
        Assert.Equal(0x41, rig.Survivor(3)[0]);
        pin.Dispose();
    }

    [Fact]
    public void Write_access_asked_of_a_page_that_is_mapped_for_reading_is_a_fault_of_its_own()
    {
        // No shortcut for a page that is present: it must become dirty, and its time stamps move.
        using CrashRig rig = new();
        Assert.Equal(Errno.Success, rig.File.Write(0, new byte[Page]));
        Assert.Equal(0, rig.Load(0));
        int modified = rig.File.ModifiedCount;
        rig.Store(0, 0x44);
        Assert.Equal(modified + 1, rig.File.ModifiedCount);
        rig.WriteBack();
        Assert.Equal(0x44, rig.Survivor(0)[0]);
    }

    [Fact]
    public void Truncation_to_nothing_waits_for_a_pin_of_a_later_page()
    {
        using MappedFile file = new();
        file.Store(5 * Page, 5);
        Assert.Equal(Errno.Success, file.Space.Pin(5 * Page, 8, PinAccess.Read, out Pin pin));
        Assert.Equal(Errno.EBUSY, file.File.Truncate(0, new BreakOptions { NoWait = true }));
        Assert.Equal(5, pin.Span[0]);
        pin.Dispose();
        Assert.Equal(Errno.Success, file.File.Truncate(0, new BreakOptions { NoWait = true }));
    }

    [Fact]
    public void Pin_of_a_file_that_nothing_else_maps_is_waited_for()
    {
        using MappedFile file = new();
        file.Store(0, 5);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        FakeView view = new(new PageRange(default, 1), isStorable: false, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, file.Space.AttachView(view, new() { Purpose = "test" }));
        file.Space.DetachView(view);
        Assert.Equal(Errno.EBUSY, file.File.Punch(new PageRange(default, 1), new BreakOptions { NoWait = true }));
        pin.Dispose();
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(default, 1), new BreakOptions { NoWait = true }));
    }

    [Fact]
    public void Eviction_after_faults_of_every_kind_leaves_no_entry()
    {
        using MappedFile file = new();
        Assert.Equal(0, file.Load(0));
        Assert.Equal(0, file.Load(Huge));
        file.Store(Page, 1);
        Assert.Equal(Errno.Success, file.Space.Populate(2 * Huge, Huge, PinAccess.Write));
        file.File.Preallocate(new PageRange(new PageIndex(3 * 512), 4));
        Assert.Equal(0, file.Load(3 * Huge));
        file.Store((3 * Huge) + Page, 2);
        file.Volume.FreePages = 0;
        Assert.Equal(Errno.ENOSPC, file.Space.Pin((3 * Huge) + (100 * Page), 1, PinAccess.Write, out _));
        Assert.True(file.Space.ReadStatistics().Entries >= 4);
        Assert.Equal(Errno.Success, file.Space.TryEvict(discards: true));
        Assert.Equal(0, file.Space.ReadStatistics().Entries);
        Assert.True(file.Space.IsEmpty);
    }

    [Fact]
    public void Holes_that_were_read_are_cut_and_read_again_without_harm()
    {
        using MappedFile file = new();
        long free = file.Volume.FreePages;
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(0, file.Load(5 * Page));
            Assert.Equal(0, file.Load(3 * Huge));
            Assert.Equal(Errno.Success, file.File.Truncate(0));
            Assert.True(file.Space.IsEmpty);
            file.File.SizeBytes = 8 << 20;
        }

        Assert.Equal(free, file.Volume.FreePages);
    }

    [Fact]
    public void Store_to_a_part_of_a_shared_range_copies_that_part_only()
    {
        using MappedFile file = new();
        for (int page = 0; page < 10; page++)
        {
            file.Store(page * Page, (byte)(page + 1));
        }

        FakeFile clone = Clone(file);
        long[] before = [.. Enumerable.Range(0, 10).Select(page => file.File.MediumPageOf(page))];
        Assert.Equal(Errno.Success, file.Space.Pin(3 * Page, 2 * Page, PinAccess.Write, out Pin pin));
        pin.WritableSegmentAt(0)[0] = 99;
        pin.Dispose();
        for (int page = 0; page < 10; page++)
        {
            Assert.Equal(page is 3 or 4, before[page] != file.File.MediumPageOf(page));
            Assert.Equal(page + 1, clone.Read(page * Page, 1)[0]);
            Assert.Equal(page == 3 ? 99 : page + 1, file.Load(page * Page));
        }
    }

    [Fact]
    public void Write_to_another_part_of_a_dirty_page_keeps_both()
    {
        using CrashRig rig = new();
        rig.Store(0, 0x51);
        Assert.Equal(Errno.Success, rig.File.Write(2000, [0x52]));
        FakeFile clone = rig.Volume.CreateFile(rig.File.SizeBytes);
        rig.Store(8, 0x53);
        Assert.Equal(Errno.Success, rig.File.CloneTo(clone));
        rig.Store(16, 0x54);
        rig.WriteBack();
        byte[] survivor = rig.Survivor(0);
        Assert.Equal([0x51, 0x53, 0x54, 0x52], new[] { survivor[0], survivor[8], survivor[16], survivor[2000] });
        byte[] cloned = rig.Survivor(0, clone);
        Assert.Equal([0x51, 0x53, 0, 0x52], new[] { cloned[0], cloned[8], cloned[16], cloned[2000] });
    }

    [Fact]
    public void Copied_block_is_durable_as_a_whole()
    {
        using CrashRig rig = new();
        rig.Store(0, 0x31, Page);
        rig.WriteBack();
        FakeFile clone = rig.Volume.CreateFile(rig.File.SizeBytes);
        Assert.Equal(Errno.Success, rig.File.CloneTo(clone));
        rig.Store(1000, 0x32, 100);
        rig.WriteBack();
        byte[] survivor = rig.Survivor(0);
        Assert.Equal(-1, survivor.AsSpan(0, 1000).IndexOfAnyExcept((byte)0x31));
        Assert.Equal(-1, survivor.AsSpan(1000, 100).IndexOfAnyExcept((byte)0x32));
        Assert.Equal(-1, survivor.AsSpan(1100).IndexOfAnyExcept((byte)0x31));
    }

    [Fact]
    public void Copy_of_shared_blocks_that_lie_apart_has_the_bytes_of_each()
    {
        using MappedFile file = new();
        for (int page = 7; page >= 0; page--)
        {
            Assert.Equal(Errno.Success, file.File.Write(page * Page, [(byte)(page + 1)]));
        }

        FakeFile clone = Clone(file);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8 * Page, PinAccess.Write, out Pin pin));
        for (int page = 0; page < 8; page++)
        {
            Assert.Equal(page + 1, pin.SegmentAt(page * Page)[0]);
            pin.WritableSegmentAt(page * Page)[0] = 50;
        }

        pin.Dispose();
        for (int page = 0; page < 8; page++)
        {
            Assert.Equal(page + 1, clone.Read(page * Page, 1)[0]);
            Assert.Equal(50, file.File.Read(page * Page, 1)[0]);
        }
    }

    [Fact]
    public void Synchronous_huge_page_can_be_reached_as_a_whole_after_its_first_fault()
    {
        using CrashRig rig = new(commitsAreDurable: false);
        Assert.Equal(Errno.Success, rig.Space.Advise(PageRange.All, MappingAdvice.Sync));
        Assert.Equal(Errno.Success, rig.Space.Pin(Huge, Huge, PinAccess.Write | PinAccess.Sync, out Pin chunk));
        Assert.Equal(1, rig.Space.ReadStatistics().HugeWriteFaults);
        foreach (int page in (int[])[300, 0, 511])
        {
            chunk.WritableSpan[page * Page] = (byte)(page + 1);
            rig.Medium.MarkStored((rig.File.MediumPageOf(512 + page) * Page) & ~63L, 64);
        }

        rig.Medium.Fence();
        chunk.Dispose();
        Assert.All((int[])[300, 0, 511], page => Assert.Equal((byte)(page + 1), rig.Survivor(512 + page)[0]));
    }

    [Fact]
    public void Write_after_a_punch_that_was_given_up_is_seen_through_the_mapping()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        Assert.Equal(Errno.Success, file.Space.Pin(Page, 8, PinAccess.Write, out Pin pin));
        Assert.Equal(Errno.EBUSY, file.File.Punch(new PageRange(default, 2), new BreakOptions { NoWait = true }));
        Assert.Equal(Errno.Success, file.File.Write(8, [2]));
        Assert.Equal(1, file.Load(0));
        Assert.Equal(2, file.Load(8));
        pin.Dispose();
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(default, 2)));
        Assert.Equal(Errno.Success, file.File.Write(8, [3]));
        Assert.Equal(0, file.Load(0));
        Assert.Equal(3, file.Load(8));
    }

    [Fact]
    public void Failed_copy_leaves_the_old_bytes_to_be_read_and_nothing_to_be_synced()
    {
        using CrashRig rig = new();
        rig.Store(0, 0x61);
        rig.WriteBack();
        FakeFile clone = rig.Volume.CreateFile(rig.File.SizeBytes);
        Assert.Equal(Errno.Success, rig.File.CloneTo(clone));
        rig.File.WriteOutcome = Errno.EIO;
        Assert.Equal(Errno.EIO, rig.Space.Pin(0, 8, PinAccess.Write, out _));
        rig.File.WriteOutcome = Errno.Success;
        long flushed = rig.Space.ReadStatistics().FlushedBytes;
        Assert.Equal(0x61, rig.Load(0));
        rig.WriteBack();
        Assert.Equal(flushed, rig.Space.ReadStatistics().FlushedBytes);
        Assert.Equal(0x61, rig.Survivor(0)[0]);
        Assert.Equal(0x61, rig.Survivor(0, clone)[0]);
    }

    [Fact]
    public void Store_before_a_collapse_that_was_cancelled_is_durable_after_a_sync()
    {
        PointGate gate = new(DaxPoint.BreakBusy);
        using CrashRig rig = new(onPoint: gate.OnPoint);
        rig.Store(9 * Page, 0x71);
        Assert.Equal(Errno.Success, rig.Space.Pin(20 * Page, 8, PinAccess.Write, out Pin pin));
        using CancellationTokenSource cancellation = new();
        Racer<Errno> collapse = Racer.Start(() =>
            rig.File.Collapse(new PageRange(new PageIndex(2), 4), new BreakOptions { Cancellation = cancellation.Token }));
        gate.WaitUntilReached();
        cancellation.Cancel();
        gate.Open();
        Assert.Equal(Errno.EINTR, collapse.Join());
        pin.Dispose();
        Assert.NotEqual(0x71, rig.Survivor(9)[0]);
        rig.WriteBack();
        Assert.Equal(0x71, rig.Survivor(9)[0]);
        Assert.Equal(0x71, rig.Load(9 * Page));
    }

    [Fact]
    public unsafe void Chunk_that_is_stored_to_through_a_huge_page_and_through_pages_is_cleaned_for_both()
    {
        using CrashRig rig = new();
        Assert.Equal(Errno.Success, rig.Space.Populate(Huge, Huge, PinAccess.Write));
        FakeView view = new(new PageRange(new PageIndex(512 + 3), 8), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, rig.Space.AttachView(view, new() { Purpose = "test" }));
        for (byte round = 1; round < 4; round++)
        {
            rig.Store(Huge + (100 * Page), round);
            rig.Medium.Start[view.Shown[512 + 5].OffsetBytes] = round;
            view.Stored.Add(512 + 5);
            rig.WriteBack();
            Assert.Equal(round, rig.Survivor(512 + 100)[0]);
            Assert.Equal(round, rig.Survivor(512 + 5)[0]);
        }

        Assert.Equal(1, rig.Space.ReadStatistics().Entries);
        rig.Space.DetachView(view);
    }

    [Fact]
    public void Chunk_whose_pages_are_asked_for_in_both_sizes_answers_each()
    {
        using MappedFile file = new();
        file.Store(Huge + (7 * Page), 1);
        Assert.Equal(Errno.Success, file.Space.Pin(Huge, Huge, PinAccess.Read, out Pin whole));
        Assert.Equal(1, whole.SegmentAt(7 * Page)[0]);
        file.Store(Huge + (9 * Page), 2);
        whole.Dispose();
        Assert.Equal(Errno.Success, file.Space.Pin(Huge, Huge, PinAccess.Write, out Pin all));
        Assert.Equal(1, all.SegmentAt(7 * Page)[0]);
        Assert.Equal(2, all.SegmentAt(9 * Page)[0]);
        all.Dispose();
        Assert.Equal(512, file.Space.ReadStatistics().Entries);
    }

    private static FakeFile Clone(MappedFile file)
    {
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        return clone;
    }
}

using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;

namespace Adit.Dax.Tests;

/// <summary>What an address space asks of views, and when.</summary>
public sealed class ViewAttachmentTests
{
    private const int Page = PageIndex.PageBytes;

    private static readonly LeaseOptions Lease = new() { Purpose = "a view" };

    [Fact]
    public void View_that_follows_shows_holes_as_zeros_and_blocks_when_they_appear()
    {
        using MappedFile file = new();
        file.Store(2 * Page, 1);
        FakeView view = Attach(file, new PageRange(new PageIndex(1), 4), isStorable: false, ViewPolicy.Follow);
        Assert.True(view.Shown[1].IsNone);
        Assert.Equal(file.File.MediumPageOf(2), view.Shown[2].Value);
        file.Store(Page, 5);
        Assert.Equal(file.File.MediumPageOf(1), view.Shown[1].Value);
        Assert.Equal(Errno.Success, file.File.Write(3 * Page, [1]));
        Assert.Equal(file.File.MediumPageOf(3), view.Shown[3].Value);
    }

    [Fact]
    public void View_that_follows_is_switched_away_before_blocks_are_freed()
    {
        using MappedFile file = new();
        file.Store(2 * Page, 1);
        FakeView view = Attach(file, new PageRange(default, 4), isStorable: false, ViewPolicy.Follow);
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(new PageIndex(2), 8)));
        Assert.Equal(new PageRange(new PageIndex(2), 2), Assert.Single(view.Zapped));
        Assert.True(view.Shown[2].IsNone);
        Assert.Equal(Errno.Success, file.File.Collapse(new PageRange(new PageIndex(1), 1)));
        Assert.Equal([false, true], view.ZappedKeepsBytes);
    }

    [Fact]
    public void View_that_follows_shows_the_copy_of_a_shared_page()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        FakeView view = Attach(file, new PageRange(default, 1), isStorable: false, ViewPolicy.Follow);
        file.Store(0, 2);
        Assert.Equal(file.File.MediumPageOf(0), view.Shown[0].Value);
        Assert.True(Assert.Single(view.ZappedKeepsBytes));
    }

    [Fact]
    public void View_that_has_ended_is_asked_nothing()
    {
        using MappedFile file = new();
        file.Store(2 * Page, 1);
        FakeView view = Attach(file, new PageRange(default, 4), isStorable: false, ViewPolicy.Follow);
        file.Space.DetachView(view);
        view.Mapped.Clear();
        Assert.Equal(Errno.Success, file.File.Write(Page, [1]));
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(new PageIndex(2), 8)));
        Assert.Empty(view.Zapped);
        Assert.Empty(view.Mapped);
    }

    [Fact]
    public void Part_that_was_detached_is_never_shown_again_and_the_rest_is()
    {
        using MappedFile file = new(new AddressSpaceOptions { LeaseTime = TimeSpan.FromMilliseconds(1) });
        file.Store(0, 1);
        FakeView view = Attach(file, new PageRange(default, 8), isStorable: false, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(new PageIndex(2), 2)));
        Assert.Equal(new PageRange(new PageIndex(2), 2), Assert.Single(view.Detached));
        Assert.Equal(1, file.Space.ReadStatistics().Detachments);
        view.Mapped.Clear();

        // The blocks of pages 1 to 7 lie side by side, around the part.
        Assert.Equal(Errno.Success, file.File.Write(0, new byte[8 * Page]));
        Assert.All(view.Mapped, pages => Assert.False(pages.Overlaps(new PageRange(new PageIndex(2), 2))));
        Assert.All([0L, 1, 4, 5, 6, 7], page => Assert.Equal(file.File.MediumPageOf(page), view.Shown[page].Value));
        file.Space.DetachView(view);
    }

    [Fact]
    public void Storable_view_has_blocks_for_all_of_its_pages_in_the_file_before_it_is_mapped()
    {
        using MappedFile file = new(sizeBytes: 6 * Page);
        FakeView view = Attach(file, new PageRange(new PageIndex(2), 8), isStorable: true, ViewPolicy.Detach);
        Assert.All([2L, 3, 4, 5], page => Assert.False(view.Shown[page].IsNone));
        Assert.All([6L, 7, 8, 9], page => Assert.True(view.Shown[page].IsNone));
        Assert.Equal(Errno.Success, file.File.Write(7 * Page, [1]));
        Assert.True(view.Shown[7].IsNone);
        Assert.Equal(0, file.Space.ReadStatistics().FlushedBytes);
        Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
        Assert.Equal(0, file.Space.ReadStatistics().FlushedBytes);
    }

    [Fact]
    public void Full_file_system_is_an_error_of_making_a_storable_view()
    {
        using MappedFile file = new();
        file.Volume.FreePages = 3;
        FakeView view = new(new PageRange(default, 8), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.ENOSPC, file.Space.AttachView(view, Lease));
        Assert.Empty(view.Shown);
        Assert.Empty(file.Space.FindHolders(PageRange.All));
    }

    [Fact]
    public void Storable_view_of_shared_pages_has_them_copied()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        FakeView view = Attach(file, new PageRange(default, 1), isStorable: true, ViewPolicy.Detach);
        Assert.NotEqual(clone.MediumPageOf(0), view.Shown[0].Value);
    }

    [Fact]
    public void View_is_recalled_and_then_detached_and_what_was_stored_through_it_is_kept()
    {
        using CrashRig rig = new();
        FakeView view = new(new PageRange(default, 8), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, rig.Space.AttachView(view, Lease));
        unsafe
        {
            rig.Medium.Start[view.Shown[7].OffsetBytes] = 0x44;
        }

        view.Stored.Add(7);
        Assert.Equal(Errno.Success, rig.File.Collapse(new PageRange(new PageIndex(2), 2)));
        Assert.Single(view.Recalled);
        Assert.Equal(new PageRange(new PageIndex(2), 6), Assert.Single(view.Detached));
        Assert.Equal(0x44, rig.Load(5 * Page));
        Assert.Equal(0x44, rig.Survivor(5)[0]);
        Assert.Equal(1, rig.Space.ReadStatistics().Detachments);
        rig.Space.DetachView(view);
        Assert.Empty(rig.Space.FindHolders(PageRange.All));
    }

    [Fact]
    public void View_that_refuses_makes_the_change_fail()
    {
        using MappedFile file = new(new AddressSpaceOptions { LeaseTime = TimeSpan.FromMilliseconds(30) });
        FakeView view = Attach(file, new PageRange(default, 8), isStorable: true, ViewPolicy.Refuse);
        Assert.Equal(Errno.EBUSY, file.File.Punch(new PageRange(default, 1)));
        Assert.Empty(view.Detached);
        file.Space.DetachView(view);
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(default, 1)));
    }

    [Fact]
    public void View_that_cannot_be_mapped_is_not_attached()
    {
        using MappedFile file = new();
        FakeView view = new(new PageRange(default, 8), isStorable: false, ViewPolicy.Follow) { MapOutcome = Errno.ENOMEM };
        Assert.Equal(Errno.ENOMEM, file.Space.AttachView(view, Lease));
        view.MapOutcome = Errno.Success;
        file.Store(0, 1);
        Assert.Empty(view.Shown);
    }

    [Fact]
    public void Stores_through_a_view_flush_few_pages_of_a_huge_page_one_by_one()
    {
        using CrashRig rig = new();
        FakeView view = new(new PageRange(default, 512), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, rig.Space.AttachView(view, Lease));
        Assert.Equal(1, rig.Space.ReadStatistics().Entries);
        view.Stored.Add(3);
        view.Stored.Add(300);
        rig.WriteBack();
        Assert.Equal(2 * Page, rig.Space.ReadStatistics().FlushedBytes);
        Assert.Equal(1, rig.File.ModifiedCount);
        rig.WriteBack();
        Assert.Equal(2 * Page, rig.Space.ReadStatistics().FlushedBytes);
    }

    private static FakeView Attach(MappedFile file, PageRange pages, bool isStorable, ViewPolicy policy)
    {
        FakeView view = new(pages, isStorable, policy);
        Assert.Equal(Errno.Success, file.Space.AttachView(view, Lease));
        return view;
    }
}

using Adit.Dax.Layouts;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;
using static Adit.Dax.Tests.Views.ViewFixture;

namespace Adit.Dax.Tests.Views;

/// <summary>What the addresses of a view show (B10).</summary>
public sealed unsafe class ViewMappingTests
{
    [Fact]
    public void View_of_scattered_blocks_is_one_range_of_addresses()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(3, 2, 100), Segment(5, 3, null), Segment(8, 1, 7), Segment(9, 600, 1000));
        Assert.Equal([Mark(100), Mark(101), 0, 0, 0, Mark(7), Mark(1000)], Enumerable.Range(3, 7).Select(page => view.Word(page)));
        Assert.Equal(Mark(1599), view.Word(608));
    }

    [Fact]
    public void Address_lies_in_a_huge_page_as_the_file_offset_does()
    {
        using ViewFixture fixture = new();
        foreach (long first in (ReadOnlySpan<long>)[0, 1, 511, 512, 513, 1000])
        {
            ViewMapping view = fixture.Map(ViewKind.Read, Segment(first, 600, 3));
            Assert.Equal((first << 12) & (2 * MiB - 1), (long)view.Start & (2 * MiB - 1));
        }
    }

    [Fact]
    public void Store_through_a_writable_view_is_on_the_medium_and_in_every_other_view()
    {
        using ViewFixture fixture = new();
        ViewMapping writer = fixture.Map(ViewKind.ReadWrite, Segment(0, 4, 20));
        ViewMapping reader = fixture.Map(ViewKind.Read, Segment(77, 4, 20));
        writer.Store(2, 42);
        Assert.Equal(42, fixture.MediumWord(22));
        Assert.Equal(42, reader.Word(79));
    }

    [Fact]
    public void Store_through_a_private_view_never_reaches_the_medium()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Private, Segment(0, 4, 20), Segment(4, 2, null));
        view.Store(1, 42);
        view.Store(5, 43);
        Assert.Equal([Mark(20), 42, Mark(22), Mark(23), 0, 43], Enumerable.Range(0, 6).Select(page => view.Word(page)));
        Assert.Equal(Mark(21), fixture.MediumWord(21));
        Assert.Empty(view.Dirty());
    }

    [Fact]
    public void Private_view_keeps_its_stores_when_the_layout_changes()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Private, Segment(0, 4, 20));
        view.Store(1, 42);
        view.Store(3, 43);
        Assert.Equal(Errno.Success, view.Zap(Pages(0, 2), keepBytes: false));
        Assert.Equal(Errno.Success, view.Map([Segment(0, 4, 200)]));
        *(long*)(fixture.Medium.Start + (20 << 12)) = -1;
        Assert.Equal([Mark(20), 42, 43], [view.Word(0), view.Word(1), view.Word(3)]);
    }

    [Fact]
    public void New_layout_is_shown_in_place_of_the_old()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(0, 8, 20));
        Assert.Equal(Errno.Success, view.Map([Segment(2, 1, 50), Segment(3, 2, null), Segment(5, 1, 25)]));
        Assert.Equal(
            [Mark(20), Mark(21), Mark(50), 0, 0, Mark(25), Mark(26), Mark(27)], Enumerable.Range(0, 8).Select(page => view.Word(page)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Zapped_range_shows_nothing_of_its_blocks_until_it_is_mapped_again(bool keepBytes)
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(0, 8, 20));
        Assert.Equal(Errno.Success, view.Zap(Pages(2, 3), keepBytes));
        *(long*)(fixture.Medium.Start + (23 << 12)) = -1; // the next owner's bytes
        Assert.Equal(keepBytes ? Mark(23) : 0, view.Word(3));
        Assert.Equal(Mark(25), view.Word(5));
        Assert.Equal(Errno.Success, view.Map([Segment(2, 3, 60)]));
        Assert.Equal([Mark(60), Mark(61), Mark(62)], [view.Word(2), view.Word(3), view.Word(4)]);
    }

    [Fact]
    public void View_of_a_read_only_medium_can_be_read_and_private_and_not_writable()
    {
        using TemporaryFile file = new(1 * MiB);
        using (Medium medium = MediumFactory.Open(file.Path, new MediumOptions { Kind = MediumKind.File }))
        {
            medium.Write(4096, new byte[] { 9 });
            medium.Fence();
        }

        using Medium readOnly = MediumFactory.Open(file.Path, new MediumOptions { Kind = MediumKind.File, ReadOnly = true });
        using ViewMapping view = Create(readOnly, ViewKind.Private);
        Assert.Equal(Errno.Success, view.Map([Segment(0, 2, 0)]));
        Assert.Equal(9, view.Word(1));
        view.Store(1, 5);
        using ViewMapping reader = Create(readOnly, ViewKind.Read);
        Assert.Equal(Errno.Success, reader.Map([Segment(0, 2, 0)]));
        Assert.Equal(9, reader.Word(1));
        using ViewMapping writer = Create(readOnly, ViewKind.ReadWrite);
        Assert.Equal(Errno.EROFS, writer.Map([Segment(0, 2, 0)]));
    }

    [Fact]
    public void Medium_that_cannot_be_mapped_again_says_so()
    {
        using MemoryMedium medium = new(1 * MiB);
        Assert.Equal(Errno.ENOTSUP, ViewMapping.TryCreate(medium, Pages(0, 2), ViewKind.Read, false, null, out _));
        Assert.NotNull(medium.MapRangeRefusal);
    }

    [Fact]
    public void Pieces_that_follow_each_other_on_the_medium_are_one_mapping()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, [.. Enumerable.Range(0, 64).Select(page => Segment(page, 1, 20 + page))]);
        string maps = File.ReadAllText("/proc/self/maps");
        Assert.Contains($"{(long)view.Start:x}-{(long)view.Start + (64 << 12):x} rw-s", maps, StringComparison.Ordinal);

        // The kernel would join them too; but each would have been a call.
        DeviceLikeMedium medium = new(1 * MiB);
        using ViewFixture counted = new(medium);
        medium.RefuseMapping(number: 2, Errno.EIO);
        _ = counted.Map(ViewKind.Read, [.. Enumerable.Range(0, 64).Select(page => Segment(page, 1, 20 + page))]);
    }

    private static ViewMapping Create(Medium medium, ViewKind kind)
    {
        Assert.Equal(Errno.Success, ViewMapping.TryCreate(medium, Pages(0, 2), kind, false, null, out ViewMapping? view));
        return view!;
    }
}

using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;
using static Adit.Dax.Tests.Views.ViewFixture;

namespace Adit.Dax.Tests.Views;

/// <summary>A view's addresses are switched to a copy of the old bytes while others use them (B9, B13).</summary>
public sealed unsafe class DetachTests
{
    private const long NextOwner = -1;

    [Theory]
    [InlineData(ViewKind.Read)]
    [InlineData(ViewKind.ReadWrite)]
    [InlineData(ViewKind.Private)]
    public void Detached_range_keeps_the_old_bytes_whatever_becomes_of_the_blocks(ViewKind kind)
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(kind, Segment(0, 4, 20), Segment(4, 4, 60), Segment(8, 2, null));
        if (kind != ViewKind.Read)
        {
            view.Store(2, 42);
        }

        Assert.False(view.IsDetached);
        Assert.Equal(Errno.Success, view.Detach(Pages(2, 8)));
        Assert.True(view.IsDetached);
        Overwrite(fixture.Medium, 20, 100);
        Assert.Equal(
            [kind == ViewKind.Read ? Mark(22) : 42, Mark(23), Mark(60), Mark(63), 0],
            new long[] { 2, 3, 4, 7, 9 }.Select(page => view.Word(page)));
        Assert.Equal(NextOwner, view.Word(1));
        Assert.Equal(0, view.LostBytes);
    }

    [Fact]
    public void Detached_range_stays_when_a_new_layout_comes()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(0, 8, 20));
        Assert.Equal(Errno.Success, view.Detach(Pages(2, 2)));
        Assert.Equal(Errno.Success, view.Map([Segment(0, 8, 40)]));
        Assert.Equal(Errno.Success, view.Zap(Pages(0, 8), keepBytes: false));
        Assert.Equal([0, Mark(22), Mark(23), 0], [view.Word(1), view.Word(2), view.Word(3), view.Word(4)]);
    }

    [TrackerFact]
    public void Stores_before_a_detach_are_told_and_those_after_it_are_the_views_own()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 8, 20));
        view.Store(3, 42);
        view.Store(6, 43);
        Assert.Equal(Errno.Success, view.Detach(Pages(2, 3)));
        view.Store(4, 44);
        Assert.Equal(Mark(24), fixture.MediumWord(24));
        Assert.Equal(42, fixture.MediumWord(23));

        // Which of the detached pages were stored to is not known; that page 3 was among them must be told.
        Assert.Equal([2, 3], view.Dirty(Pages(0, 4)));
        Assert.Equal([4, 6], view.Dirty());
        view.Store(4, 45);
        Assert.Empty(view.Dirty());
    }

    [Fact]
    public void Readers_see_only_old_bytes_through_every_detach() => ReadThroughDetaches(rounds: 60);

    [Fact]
    [Trait("Tier", "long")]
    public void Readers_see_only_old_bytes_through_a_thousand_detaches() => ReadThroughDetaches(rounds: 1000);

    [Fact]
    public void Writers_lose_no_store_through_a_detach() => StoreThroughDetaches(rounds: 40);

    [Fact]
    [Trait("Tier", "long")]
    public void Writers_lose_no_store_through_a_thousand_detaches() => StoreThroughDetaches(rounds: 1000);

    [Theory]
    [InlineData(ViewKind.Read)]
    [InlineData(ViewKind.ReadWrite)]
    public void Host_file_cut_short_gives_zeros_and_a_count_and_no_signal(ViewKind kind)
    {
        using TemporaryFile file = new(0);
        Medium medium = MediumFactory.Create(file.Path, new MediumOptions { Kind = MediumKind.File, CreateSizeBytes = 1 * MiB });
        using ViewFixture fixture = new(medium);
        ViewMapping view = fixture.Map(kind, Segment(0, 64, 0));
        medium.MarkStored(0, medium.LengthBytes);
        medium.Fence();
        using (FileDescriptor cut = Libc.open(file.Path, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC, 0))
        {
            Assert.Equal(0, Libc.ftruncate(cut, 40 << 12));
        }

        Assert.Equal(Errno.Success, view.Detach(Pages(10, 54)));
        Assert.Equal([Mark(10), Mark(39), 0, 0], [view.Word(10), view.Word(39), view.Word(40), view.Word(63)]);
        Assert.Equal(24 << 12, view.LostBytes);
    }

    [Fact]
    public void Medium_without_private_mappings_detaches_what_is_read_and_refuses_for_what_is_stored_to()
    {
        using ViewFixture fixture = new(new DeviceLikeMedium(4 * MiB));
        ViewMapping reader = fixture.Map(ViewKind.Read, Segment(0, 8, 20));
        Assert.Equal(Errno.Success, reader.Detach(Pages(2, 3)));
        ViewMapping writer = fixture.Map(ViewKind.ReadWrite, Segment(0, 8, 20));
        Assert.Equal(Errno.ENOTSUP, writer.Detach(Pages(2, 3)));
        Overwrite(fixture.Medium, 20, 10);
        Assert.Equal([NextOwner, Mark(22), Mark(24), NextOwner], [reader.Word(1), reader.Word(2), reader.Word(4), reader.Word(5)]);
        Assert.Equal(NextOwner, writer.Word(2));
    }

    [Fact]
    public void Layout_that_the_kernel_has_no_room_for_is_an_error_and_what_was_shown_still_is()
    {
        DeviceLikeMedium medium = new(4 * MiB);
        using ViewFixture fixture = new(medium);
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(0, 8, 20));
        medium.RefuseMapping(number: 3, Errno.ENOMEM);
        ViewSegment[] scattered = [.. Enumerable.Range(0, 8).Select(page => Segment(page, 1, 100 + (page * 2)))];
        Assert.Equal(Errno.ENOMEM, view.Map(scattered));
        Assert.Equal(Enumerable.Range(20, 8).Select(page => Mark(page)), Enumerable.Range(0, 8).Select(page => view.Word(page)));
        Assert.Equal(Errno.Success, view.Map(scattered));
        Assert.Equal([Mark(100), Mark(114)], [view.Word(0), view.Word(7)]);
    }

    [Fact]
    public void View_of_more_pieces_than_leave_the_runtime_room_is_refused()
    {
        using ViewFixture fixture = new();
        int count = (int)Math.Min(MappingBudget.Limit, 1 << 20) + 2;
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(0, count, null));
        ViewSegment[] scattered = [.. Enumerable.Range(0, count).Select(page => Segment(page, 1, page % 2 == 0 ? 8 : 17))];
        Assert.Equal(MappingBudget.Limit < 1 << 20 ? Errno.ENOMEM : Errno.Success, view.Map(scattered));
        Assert.True(MappingBudget.Limit >= 1 << 20 || view.Word(0) == 0);
    }

    [Fact]
    public void Stores_and_garbage_collections_do_not_wait_for_each_other()
    {
        // A fault that waited for managed code of this process would hang here: the collector stops that code first.
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 1024, 8));
        using Crew crew = new(2, (worker, turn) => view.Store((worker * 512) + (turn & 511), turn));
        for (int i = 0; i < 100; i++)
        {
            _ = view.Dirty();
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }

        crew.Stop();
        Assert.True(crew.Turns > 100);
    }

    private static void ReadThroughDetaches(int rounds)
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.Read, Segment(0, 64, 64));
        using Crew crew = new(2, (worker, turn) =>
        {
            long page = (turn * 7) & 63;
            long word = view.Word(page);
            Assert.True(word == Mark(64 + page), $"page {page} shows {word:x}");
        });
        for (int round = 0; round < rounds; round++)
        {
            crew.WaitForTurns(100);
            Assert.Equal(Errno.Success, view.Zap(Pages(0, 64), keepBytes: true));
            Overwrite(fixture.Medium, 64, 64);
            crew.WaitForTurns(100);
            for (int page = 64; page < 128; page++)
            {
                *(long*)(fixture.Medium.Start + (page << 12)) = Mark(page);
            }

            Assert.Equal(Errno.Success, view.Map([Segment(0, 64, 64)]));
        }

        crew.WaitForTurns(100);
        Assert.Equal(Errno.Success, view.Detach(view.Pages));
        Overwrite(fixture.Medium, 64, 64);
        crew.WaitForTurns(100);
        crew.Stop();
    }

    private static void StoreThroughDetaches(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            using ViewFixture fixture = new(1 * MiB);
            ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 64, 64));
            long[] stored = [.. Enumerable.Range(0, 64).Select(page => Mark(64 + page))];
            using Crew crew = new(2, (worker, turn) =>
            {
                // Each worker has pages of its own, so what it stored last is what it must find.
                long page = (worker * 32) + ((turn * 7) & 31);
                long word = view.Word(page);
                Assert.True(word == stored[page], $"page {page} shows {word:x} in place of {stored[page]:x}");
                stored[page] = word + 1;
                view.Store(page, word + 1);
            });
            crew.WaitForTurns(200);
            Assert.Equal(Errno.Success, view.Detach(view.Pages));
            Overwrite(fixture.Medium, 64, 64);
            crew.WaitForTurns(200);
            crew.Stop();
            Assert.Equal(NextOwner, fixture.MediumWord(64));
        }
    }

    private static void Overwrite(Medium medium, long first, long count) =>
        new Span<long>(medium.Start + (first << 12), (int)(count << 9)).Fill(NextOwner);
}

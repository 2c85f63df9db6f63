using Adit.Dax.Layouts;
using Adit.Dax.Views;
using Adit.Media;
using static Adit.Dax.Tests.Views.ViewFixture;

namespace Adit.Dax.Tests.Views;

/// <summary>Huge pages under a view: had where the medium gives them, visible, and tracked by 2 MiB (B6, C5, F4). On a tmpfs of its own
/// that was mounted with huge=always.</summary>
public sealed class HugePageTests
{
    [HugeTmpfsFact]
    public void Aligned_chunks_are_mapped_huge_and_the_rest_is_not()
    {
        using HostMount host = new("huge=always,size=64m");
        using ViewFixture fixture = new(host.CreateMedium(MediumKind.PmemEmulated, 16 * MiB));
        ViewMapping view = fixture.Map(ViewKind.Read, hugePages: true, Segment(0, 1024, 512), Segment(1024, 512, 1537), Segment(1536, 512, null));
        for (int page = 0; page < 2048; page++)
        {
            _ = view.Word(page);
        }

        Assert.Equal(4 * MiB, view.HugeBytes);
        Assert.Equal(Mark(512 + 700), view.Word(700));
        Assert.Equal(Mark(1537 + 100), view.Word(1124));
    }

    [HugeTmpfsFact]
    public void Stores_through_huge_pages_are_found_by_2_MiB_each_time()
    {
        using HostMount host = new("huge=always,size=64m");
        using ViewFixture fixture = new(host.CreateMedium(MediumKind.PmemEmulated, 16 * MiB));
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, hugePages: true, Segment(0, 2048, 512));
        Assert.Equal(8 * MiB, view.HugeBytes);
        Assert.Empty(view.Dirty());
        for (int round = 0; round < 3; round++)
        {
            view.Store(700, round);
            Assert.Equal(Enumerable.Range(512, 512).Select(page => (long)page), view.Dirty());
            Assert.Empty(view.Dirty());
        }

        Assert.Equal(8 * MiB, view.HugeBytes);
    }

    [HugeTmpfsFact]
    public void Stores_are_found_by_page_on_a_huge_medium_when_huge_pages_are_not_asked_for()
    {
        using HostMount host = new("huge=always,size=64m");
        using ViewFixture fixture = new(host.CreateMedium(MediumKind.PmemEmulated, 16 * MiB));
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 2048, 512));
        for (int page = 0; page < 2048; page++)
        {
            _ = view.Word(page);
        }

        Assert.Equal(0, view.HugeBytes);
        view.Store(700, 1);
        Assert.Equal([700], view.Dirty());
    }

    [HugeTmpfsFact]
    public void Part_of_a_huge_page_can_be_detached_and_collected_alone()
    {
        using HostMount host = new("huge=always,size=64m");
        using ViewFixture fixture = new(host.CreateMedium(MediumKind.PmemEmulated, 16 * MiB));
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, hugePages: true, Segment(0, 1024, 512));
        view.Store(10, 1);
        view.Store(500, 2);

        // The rest of the huge page stays dirty when a part of it is collected.
        Assert.Contains(10, view.Dirty(Pages(0, 100)));
        Assert.Contains(500, view.Dirty(Pages(100, 924)));
        view.Store(20, 3);
        Assert.Equal(Interop.Errno.Success, view.Detach(Pages(15, 10)));
        fixture.Medium.Write((512 + 20) << 12, new byte[4096]);
        Assert.Equal([1, 3, Mark(512 + 30)], [view.Word(10), view.Word(20), view.Word(30)]);
        Assert.Contains(20, view.Dirty());
    }
}

using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests;

public sealed class RawMediumLayoutTests
{
    [Fact]
    public void Page_inside_the_medium_is_the_same_page_of_the_medium()
    {
        using MemoryMedium medium = new(8 << 20);
        RawMediumLayout layout = new(medium);

        Assert.Equal(Errno.Success, layout.Find(new PageIndex(700), 1, out LayoutExtent extent));
        Assert.True(extent.IsWritable);
        Assert.Equal(700, extent.At(new PageIndex(700)).Value);
        Assert.Equal(2048, extent.Pages.End.Value);
    }

    [Fact]
    public void Page_behind_the_medium_is_a_hole_that_cannot_be_filled()
    {
        using MemoryMedium medium = new(8 << 20);
        RawMediumLayout layout = new(medium);

        Assert.Equal(Errno.Success, layout.Find(new PageIndex(2048), 1, out LayoutExtent extent));
        Assert.Equal(LayoutKind.Hole, extent.Kind);
        Assert.Equal(Errno.ENXIO, layout.MakeWritable(new PageIndex(2048), 1, out _));
    }
}

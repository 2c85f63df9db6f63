using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Layouts;

/// <summary>A raw medium mapped whole, without a file system: page n of the file is page n of the medium. Nothing can be allocated,
/// shared or truncated.</summary>
/// <param name="medium">Not owned.</param>
public sealed class RawMediumLayout(Medium medium) : IFileLayout
{
    private LayoutExtent Whole => new(new PageRange(default, SizeBytes >> PageIndex.PageShift), LayoutKind.Mapped, default);

    public Medium Medium => medium;

    /// <summary>The medium's length in whole pages.</summary>
    public long SizeBytes => medium.LengthBytes & ~(PageIndex.PageBytes - 1L);

    public bool IsReadOnly => medium.IsReadOnly;

    public void Enter(LayoutAccess access)
    {
        // The layout is the medium's own and never changes.
    }

    public void Exit(LayoutAccess access)
    {
    }

    public Errno Find(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        extent = page < Whole.Pages.End ? Whole : new LayoutExtent(PageRange.From(Whole.Pages.End), LayoutKind.Hole, MediumPage.None);
        return Errno.Success;
    }

    /// <returns>EROFS; ENXIO behind the end: a device does not grow.</returns>
    public Errno MakeWritable(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        extent = Whole;
        return IsReadOnly ? Errno.EROFS : page < Whole.Pages.End ? Errno.Success : Errno.ENXIO;
    }

    /// <summary>There are no holes.</summary>
    public Errno Fill(PageIndex page, ReadOnlySpan<byte> content) => Errno.ENOTSUP;

    /// <summary>There is no metadata.</summary>
    public Errno MakeDurable(PageRange pages) => Errno.Success;

    /// <summary>A device has no time stamps.</summary>
    public void MarkModified()
    {
    }
}

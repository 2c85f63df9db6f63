using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests.Fakes;

/// <summary>Page n of the file is page n of the medium, or one so many pages behind it, told in stretches of the whole, or of a page at a time.</summary>
internal sealed class EveryPageLayout(Medium medium, bool isHuge, long shiftPages = 0) : IFileLayout
{
    private readonly RawMediumLayout _raw = new(medium);

    public Medium Medium => medium;

    public long SizeBytes => _raw.SizeBytes - (shiftPages * PageIndex.PageBytes);

    public bool IsReadOnly => false;

    public void Enter(LayoutAccess access)
    {
    }

    public void Exit(LayoutAccess access)
    {
    }

    public Errno Find(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        extent = new LayoutExtent(new PageRange(page, isHuge ? pageCount : 1), LayoutKind.Mapped, new MediumPage(page.Value + shiftPages));
        return Errno.Success;
    }

    public Errno MakeWritable(PageIndex page, long pageCount, out LayoutExtent extent) => Find(page, pageCount, out extent);

    public Errno Fill(PageIndex page, ReadOnlySpan<byte> content) => Errno.ENOTSUP;

    public Errno MakeDurable(PageRange pages) => Errno.Success;

    public void MarkModified()
    {
    }
}

using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;

namespace Adit.Dax.Views;

/// <content>What the address space asks of a view.</content>
public sealed unsafe partial class View : IMappedView
{
    PageRange IMappedView.Pages => _mapping.Pages;

    bool IMappedView.IsStorable => Kind == ViewKind.ReadWrite;

    ViewPolicy IMappedView.Policy => _options.EffectivePolicy;

    Errno IMappedView.Map(ReadOnlySpan<ViewSegment> segments) => _mapping.Map(segments);

    Errno IMappedView.Zap(PageRange pages, bool keepBytes) => _mapping.Zap(pages, keepBytes);

    void IMappedView.CollectDirty(PageRange pages, IDirtyPages found) => _mapping.CollectDirty(pages, found);

    Errno IMappedView.Detach(PageRange pages)
    {
        Errno outcome = _mapping.Detach(pages);
        (long offset, long length) = InView(pages);
        if (outcome == Errno.Success && length > 0)
        {
            RaiseDetached(new ViewDetachment(offset, length));
        }

        return outcome;
    }

    void IMappedView.Recall(PageRange pages, TimeSpan notice)
    {
        (long offset, long length) = InView(pages);
        if (length > 0)
        {
            _options.OnRecall?.Invoke(offset, length, notice);
        }
    }

    /// <summary>The bytes of the view in a range of pages.</summary>
    private (long OffsetInView, long LengthBytes) InView(PageRange pages)
    {
        PageRange shown = pages.Intersect(_mapping.Pages);
        long from = Math.Max(shown.OffsetBytes, OffsetBytes);
        long to = Math.Min(shown.OffsetBytes + shown.LengthBytes, OffsetBytes + LengthBytes);
        return (from - OffsetBytes, to - from);
    }
}

using Adit.Dax.Layouts;

namespace Adit.Dax.Mappings;

/// <summary>A view in the list of its address space, and which parts of it show the file no more. Changed with the mapping held alone.</summary>
internal sealed class ViewAttachment(IMappedView view)
{
    private readonly List<PageRange> _detached = [];

    public IMappedView View { get; } = view;

    public bool IsDetached(PageRange pages) => _detached.Exists(range => range.Contains(pages));

    public void AddDetached(PageRange pages) => _detached.Add(pages);

    /// <summary>Leaves only what the view still has to follow.</summary>
    public void RemoveDetached(List<ViewSegment> segments)
    {
        foreach (PageRange gone in _detached)
        {
            for (int i = segments.Count - 1; i >= 0; i--)
            {
                ViewSegment segment = segments[i];
                PageRange cut = segment.Pages.Intersect(gone);
                if (cut.IsEmpty)
                {
                    continue;
                }

                segments.RemoveAt(i);
                if (cut.End < segment.Pages.End)
                {
                    segments.Insert(i, From(segment, PageRange.Between(cut.End, segment.Pages.End)));
                }

                if (segment.Pages.First < cut.First)
                {
                    segments.Insert(i, From(segment, PageRange.Between(segment.Pages.First, cut.First)));
                }
            }
        }
    }

    private static ViewSegment From(ViewSegment segment, PageRange pages) =>
        new(pages, segment.IsZeros ? MediumPage.None : segment.Start + (pages.First - segment.Pages.First));
}

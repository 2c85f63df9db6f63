using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests.Views;

/// <summary>A medium of shared memory in which every page says which it is, and views of it.</summary>
internal sealed unsafe class ViewFixture : IDisposable
{
    public const long MiB = 1 << 20;

    private readonly List<ViewMapping> _views = [];

    public ViewFixture(long lengthBytes = 8 * MiB)
        : this(MemoryMedium.CreateShared(lengthBytes))
    {
    }

    public ViewFixture(Medium medium)
    {
        Medium = medium;
        for (long page = 0; page < medium.LengthBytes / PageIndex.PageBytes; page++)
        {
            *(long*)(medium.Start + page * PageIndex.PageBytes) = Mark(page);
        }
    }

    public Medium Medium { get; }

    public bool IsTracking { get; init; } = true;

    /// <summary>What the first 8 bytes of a page of the medium are at the start.</summary>
    public static long Mark(long page) => (page + 1) * 0x0101010101010101;

    public static PageRange Pages(long first, long count) => new(new PageIndex(first), count);

    /// <summary>A stretch of file pages that the medium holds from a page on; none: a hole.</summary>
    public static ViewSegment Segment(long first, long count, long? mediumPage) =>
        new(Pages(first, count), mediumPage is { } page ? new MediumPage(page) : MediumPage.None);

    public ViewMapping Map(ViewKind kind, params ViewSegment[] segments) => Map(kind, hugePages: false, segments);

    public ViewMapping Map(ViewKind kind, bool hugePages, params ViewSegment[] segments)
    {
        PageRange pages = PageRange.Between(segments[0].Pages.First, segments[^1].Pages.End);
        Errno outcome = ViewMapping.TryCreate(
            Medium, pages, kind, hugePages, IsTracking ? StoreTracker.Shared : null, out ViewMapping? view);
        Assert.Equal(Errno.Success, outcome);
        _views.Add(view!);
        Assert.Equal(Errno.Success, view!.Map(segments));
        return view;
    }

    public long MediumWord(long page) => Volatile.Read(ref *(long*)(Medium.Start + page * PageIndex.PageBytes));

    public void Dispose()
    {
        _views.ForEach(view => view.Dispose());
        Medium.Dispose();
    }
}

/// <summary>Loads, stores and scans of a view by page of the file.</summary>
internal static unsafe class ViewMappingExtensions
{
    public static long Word(this ViewMapping view, long page) => Volatile.Read(ref *Address(view, page));

    public static void Store(this ViewMapping view, long page, long value) => Volatile.Write(ref *Address(view, page), value);

    public static long[] Dirty(this ViewMapping view) => Dirty(view, view.Pages);

    public static long[] Dirty(this ViewMapping view, PageRange pages)
    {
        FoundPages found = new();
        view.CollectDirty(pages, found);
        return [.. found.Pages];
    }

    private static long* Address(ViewMapping view, long page)
    {
        Assert.True(view.Pages.Contains(new PageIndex(page)));
        return (long*)(view.Start + ((page - view.Pages.First.Value) << 12));
    }

    private sealed class FoundPages : IDirtyPages
    {
        public SortedSet<long> Pages { get; } = [];

        public void Add(PageRange pages)
        {
            Assert.False(pages.IsEmpty);
            for (long page = pages.First.Value; page < pages.End.Value; page++)
            {
                Assert.True(Pages.Add(page), $"page {page} is told twice");
            }
        }
    }
}

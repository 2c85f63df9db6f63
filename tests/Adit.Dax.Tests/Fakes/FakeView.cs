using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;

namespace Adit.Dax.Tests.Fakes;

/// <summary>A view that only notes what is asked of it.</summary>
internal sealed class FakeView(PageRange pages, bool isStorable, ViewPolicy policy) : IMappedView
{
    public PageRange Pages { get; } = pages;

    public bool IsStorable { get; } = isStorable;

    public ViewPolicy Policy { get; } = policy;

    /// <summary>What each page shows: a medium page, None for zeros.</summary>
    public Dictionary<long, MediumPage> Shown { get; } = [];

    /// <summary>What was mapped, in the order of the calls.</summary>
    public List<PageRange> Mapped { get; } = [];

    public List<PageRange> Zapped { get; } = [];

    /// <summary>Of each zapped range: its bytes had to be kept.</summary>
    public List<bool> ZappedKeepsBytes { get; } = [];

    public List<PageRange> Detached { get; } = [];

    public List<PageRange> Recalled { get; } = [];

    /// <summary>Stored to since they were last collected.</summary>
    public SortedSet<long> Stored { get; } = [];

    public Errno MapOutcome { get; set; }

    /// <summary>Called when the view is zapped: with the mapping held alone.</summary>
    public Action? OnZap { get; init; }

    public Errno Map(ReadOnlySpan<ViewSegment> segments)
    {
        if (MapOutcome != Errno.Success)
        {
            return MapOutcome;
        }

        foreach (ViewSegment segment in segments)
        {
            Assert.True(Pages.Contains(segment.Pages));
            Mapped.Add(segment.Pages);
            for (long i = 0; i < segment.Pages.PageCount; i++)
            {
                Shown[segment.Pages.First.Value + i] = segment.IsZeros ? MediumPage.None : segment.Start + i;
            }
        }

        return Errno.Success;
    }

    public Errno Zap(PageRange pages, bool keepBytes)
    {
        Assert.True(Pages.Contains(pages));
        Zapped.Add(pages);
        ZappedKeepsBytes.Add(keepBytes);
        OnZap?.Invoke();
        return Errno.Success;
    }

    public void CollectDirty(PageRange pages, IDirtyPages found)
    {
        foreach (long page in Stored.Where(page => pages.Contains(new PageIndex(page))).ToArray())
        {
            Stored.Remove(page);
            found.Add(new PageRange(new PageIndex(page), 1));
        }
    }

    public Errno Detach(PageRange pages)
    {
        Detached.Add(pages);
        return Errno.Success;
    }

    public void Recall(PageRange pages, TimeSpan notice) => Recalled.Add(pages);
}

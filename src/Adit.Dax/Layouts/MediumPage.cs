namespace Adit.Dax.Layouts;

/// <summary>A page of the medium, counted from its start.</summary>
public readonly record struct MediumPage(long Value)
{
    /// <summary>No page. (Page 0 is one, on a raw medium.)</summary>
    public static MediumPage None => new(-1);

    public bool IsNone => Value < 0;

    public long OffsetBytes => Value << PageIndex.PageShift;

    /// <summary>A huge page can begin here.</summary>
    public bool IsHugeAligned => (Value & (PageIndex.PagesPerHuge - 1)) == 0;

    /// <summary>A giant page can begin here.</summary>
    public bool IsGiantAligned => (Value & (PageIndex.PagesPerGiant - 1)) == 0;

    public static MediumPage operator +(MediumPage page, long pageCount) => new(page.Value + pageCount);

    public static long operator -(MediumPage left, MediumPage right) => left.Value - right.Value;

    public override string ToString() => IsNone ? "no page" : $"medium page {Value}";
}

namespace Adit.Dax.Layouts;

/// <summary>Consecutive pages of a file.</summary>
public readonly record struct PageRange(PageIndex First, long PageCount)
{
    /// <summary>Every page that a file can have.</summary>
    public static PageRange All => new(default, long.MaxValue >> PageIndex.PageShift);

    /// <summary>The page behind the last.</summary>
    public PageIndex End => First + PageCount;

    public bool IsEmpty => PageCount <= 0;

    public long OffsetBytes => First.OffsetBytes;

    public long LengthBytes => PageCount << PageIndex.PageShift;

    /// <summary>The pages that hold at least one byte of the range.</summary>
    public static PageRange OfBytes(long offsetBytes, long lengthBytes)
    {
        PageIndex first = PageIndex.OfOffset(offsetBytes);
        return lengthBytes <= 0 ? new PageRange(first, 0) : new PageRange(first, PageIndex.OfOffset(offsetBytes + lengthBytes - 1) - first + 1);
    }

    /// <summary>All pages from one on.</summary>
    public static PageRange From(PageIndex first) => new(first, All.PageCount - first.Value);

    public static PageRange Between(PageIndex first, PageIndex end) => new(first, end - first);

    public bool Contains(PageIndex page) => page >= First && page < End;

    public bool Contains(PageRange other) => other.IsEmpty || (other.First >= First && other.End <= End);

    public bool Overlaps(PageRange other) => First < other.End && other.First < End && !IsEmpty && !other.IsEmpty;

    /// <summary>The pages in both; empty if there are none.</summary>
    public PageRange Intersect(PageRange other)
    {
        PageIndex first = First > other.First ? First : other.First;
        PageIndex end = End < other.End ? End : other.End;
        return new PageRange(first, Math.Max(0, end - first));
    }

    public override string ToString() => IsEmpty ? "no pages" : $"pages {First.Value}..{End.Value - 1}";
}

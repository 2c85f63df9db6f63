namespace Adit.Dax.Layouts;

/// <summary>A page of a file, counted from its start.</summary>
public readonly record struct PageIndex(long Value) : IComparable<PageIndex>
{
    /// <summary>Bytes of a page: 4 KiB.</summary>
    public const int PageBytes = 1 << PageShift;

    /// <summary>Pages of a huge page: 2 MiB.</summary>
    public const int PagesPerHuge = 1 << HugeShift;

    /// <summary>Pages of a giant page: 1 GiB.</summary>
    public const int PagesPerGiant = 1 << GiantShift;

    internal const int PageShift = 12;

    internal const int HugeShift = 9;

    internal const int GiantShift = 18;

    public long OffsetBytes => Value << PageShift;

    /// <summary>The first page of the huge page that this one lies in.</summary>
    public PageIndex HugeStart => new(Value & ~(PagesPerHuge - 1L));

    /// <summary>The first page of the giant page that this one lies in.</summary>
    public PageIndex GiantStart => new(Value & ~(PagesPerGiant - 1L));

    public static PageIndex OfOffset(long offsetBytes) => new(offsetBytes >> PageShift);

    public static PageIndex operator +(PageIndex index, long pageCount) => new(index.Value + pageCount);

    public static long operator -(PageIndex left, PageIndex right) => left.Value - right.Value;

    public static bool operator <(PageIndex left, PageIndex right) => left.Value < right.Value;

    public static bool operator >(PageIndex left, PageIndex right) => left.Value > right.Value;

    public static bool operator <=(PageIndex left, PageIndex right) => left.Value <= right.Value;

    public static bool operator >=(PageIndex left, PageIndex right) => left.Value >= right.Value;

    public int CompareTo(PageIndex other) => Value.CompareTo(other.Value);

    public override string ToString() => $"page {Value}";
}

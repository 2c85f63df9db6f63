using System.Numerics;

namespace Adit.Dax.Entries;

/// <summary>Which pages of a 2 MiB chunk were stored to, in 32 bits: up to three of them each by itself, more by parts of 17 pages
/// (68 KiB). A few small stores are so written back as the few pages that they are, and the state stays small.</summary>
/// <remarks>Bit 31 tells the two apart. Without it: three page numbers of 9 bits, and above them how many count. With it: a bit for
/// each of 31 parts.</remarks>
internal readonly record struct DirtyPages(uint Bits)
{
    /// <summary>Pages of a part: the fewest of which 31 parts make a chunk.</summary>
    public const int PartPages = (ChunkPages + PartCount - 1) / PartCount;

    /// <summary>Pages that are known each by itself.</summary>
    public const int MaxSingle = 3;

    private const int ChunkPages = 1 << ChunkNode.ChunkShift;
    private const int PartCount = 31;
    private const uint ByPart = 1U << PartCount;
    private const int CountShift = MaxSingle * ChunkNode.ChunkShift;
    private const uint PageMask = ChunkPages - 1;

    private bool IsByPart => (Bits & ByPart) != 0;

    private int SingleCount => (int)(Bits >> CountShift);

    public static DirtyPages All => new(uint.MaxValue);

    /// <summary>The same and some more.</summary>
    /// <param name="first">The first page, counted from the chunk's first: 0 to 511.</param>
    /// <param name="count">How many pages, at least 1, none beyond the chunk.</param>
    public DirtyPages With(int first, int count)
    {
        DirtyPages all = this;
        if (!IsByPart && count <= MaxSingle)
        {
            for (int page = first; page < first + count; page++)
            {
                all = all.WithOne(page);
            }

            return all;
        }

        return new(all.ToParts().Bits | PartsOf(first, count));
    }

    /// <summary>Finds the first stored pages at or behind a page.</summary>
    /// <param name="from">0 to 512.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many there are side by side, as far as it is known.</param>
    public bool TryNext(int from, out int first, out int count) =>
        IsByPart ? TryNextPart(from, out first, out count) : TryNextSingle(from, out first, out count);

    private DirtyPages WithOne(int page)
    {
        if (IsByPart)
        {
            return new(Bits | PartsOf(page, 1));
        }

        int singles = SingleCount;
        for (int i = 0; i < singles; i++)
        {
            if (SingleAt(i) == page)
            {
                return this;
            }
        }

        return singles < MaxSingle
            ? new((Bits | ((uint)page << (singles * ChunkNode.ChunkShift))) + (1U << CountShift))
            : new(ToParts().Bits | PartsOf(page, 1));
    }

    private DirtyPages ToParts()
    {
        if (IsByPart)
        {
            return this;
        }

        uint parts = ByPart;
        for (int i = 0; i < SingleCount; i++)
        {
            parts |= PartsOf(SingleAt(i), 1);
        }

        return new(parts);
    }

    private bool TryNextSingle(int from, out int first, out int count)
    {
        first = ChunkPages;
        count = 1;
        for (int i = 0; i < SingleCount; i++)
        {
            int page = SingleAt(i);
            first = page >= from && page < first ? page : first;
        }

        return first < ChunkPages;
    }

    private bool TryNextPart(int from, out int first, out int count)
    {
        uint parts = (Bits & ~ByPart) >> (from / PartPages);
        if (parts == 0)
        {
            first = count = 0;
            return false;
        }

        int skipped = BitOperations.TrailingZeroCount(parts);
        int part = (from / PartPages) + skipped;
        int end = part + BitOperations.TrailingZeroCount(~(parts >> skipped));
        first = Math.Max(from, part * PartPages);
        count = Math.Min(end * PartPages, ChunkPages) - first;
        return count > 0;
    }

    private int SingleAt(int index) => (int)(Bits >> (index * ChunkNode.ChunkShift) & PageMask);

    private static uint PartsOf(int first, int count)
    {
        int from = first / PartPages;
        int last = (first + count - 1) / PartPages;
        return uint.MaxValue >> (31 - (last - from)) << from;
    }
}

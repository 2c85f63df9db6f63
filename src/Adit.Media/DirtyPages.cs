using System.Numerics;

namespace Adit.Media;

/// <summary>Which 4 KiB pages of a medium were stored to since the last fence: one bit a page, with two levels of
/// summary above, so that taking them costs what is dirty and not what is mapped.</summary>
/// <remarks><see cref="Mark"/> is lock-free and allocates nothing; <see cref="Take"/> is for one thread at a time.
/// A page is marked after its stores. Marking goes bottom up and taking top down, and a marker sets each summary bit
/// that it finds clear even if it found its page's neighbour marked (the neighbour's marker may not have got that far):
/// so a take that begins after a mark returned finds the page, or an earlier take did.</remarks>
internal sealed class DirtyPages
{
    public const int PageShift = 12;

    private const int Fan = 6;

    private readonly ulong[] _pages;
    private readonly ulong[] _groups;
    private readonly ulong[] _summary;

    public DirtyPages(long lengthBytes)
    {
        long pageCount = lengthBytes >> PageShift;
        _pages = new ulong[(pageCount >> Fan) + 1];
        _groups = new ulong[(_pages.Length >> Fan) + 1];
        _summary = new ulong[(_groups.Length >> Fan) + 1];
    }

    public void Mark(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return;
        }

        long page = offsetBytes >> PageShift;
        long last = (offsetBytes + lengthBytes - 1) >> PageShift;
        while (page <= last)
        {
            long word = page >> Fan;
            long lastHere = Math.Min(last, (word << Fan) + 63);
            ulong bits = (ulong.MaxValue >> (63 - (int)(lastHere - page))) << (int)page;

            // A full fence also where the bits are set already: the stores must not be seen later than the mark.
            Interlocked.Or(ref _pages[word], bits);
            SetIfClear(ref _groups[word >> Fan], 1UL << (int)word);
            SetIfClear(ref _summary[word >> Fan >> Fan], 1UL << (int)(word >> Fan));
            page = lastHere + 1;
        }
    }

    /// <summary>Clears every mark and hands out the marked pages as runs in ascending order.</summary>
    /// <param name="runs">Gets first page and page count of each run.</param>
    /// <returns>How many runs there are. When it is more than <paramref name="runs"/> holds, all marks are cleared
    /// and the runs beyond are not told.</returns>
    public int Take(Span<(long First, long Count)> runs)
    {
        int count = 0;
        (long First, long Count) run = default;
        for (int top = 0; top < _summary.Length; top++)
        {
            for (ulong groups = TakeWord(ref _summary[top]); groups != 0; groups &= groups - 1)
            {
                int group = (top << Fan) + BitOperations.TrailingZeroCount(groups);
                for (ulong words = TakeWord(ref _groups[group]); words != 0; words &= words - 1)
                {
                    long word = ((long)group << Fan) + BitOperations.TrailingZeroCount(words);
                    ulong bits = TakeWord(ref _pages[word]);
                    while (bits != 0)
                    {
                        int from = BitOperations.TrailingZeroCount(bits);
                        int length = BitOperations.TrailingZeroCount(~(bits >> from));
                        bits &= length == 64 ? 0 : ~(((1UL << length) - 1) << from);
                        long first = (word << Fan) + from;
                        if (run.Count != 0 && run.First + run.Count == first)
                        {
                            run.Count += length;
                            continue;
                        }

                        Emit(runs, ref count, run);
                        run = (first, length);
                    }
                }
            }
        }

        Emit(runs, ref count, run);
        return count;
    }

    private static void Emit(Span<(long First, long Count)> runs, ref int count, (long First, long Count) run)
    {
        if (run.Count == 0)
        {
            return;
        }

        if (count < runs.Length)
        {
            runs[count] = run;
        }

        count++;
    }

    private static void SetIfClear(ref ulong word, ulong bit)
    {
        if ((Volatile.Read(ref word) & bit) == 0)
        {
            Interlocked.Or(ref word, bit);
        }
    }

    private static ulong TakeWord(ref ulong word) => Volatile.Read(ref word) == 0 ? 0 : Interlocked.Exchange(ref word, 0);
}

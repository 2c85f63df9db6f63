using System.Runtime.InteropServices;
using Adit.Dax.Layouts;
using Adit.Interop;

namespace Adit.Dax.Views;

/// <summary>The pieces of a view: in order, without gaps, covering all of it; neighbours that go on in each other are one.</summary>
/// <remarks>Not thread-safe: guarded by the mapping's lock.</remarks>
internal sealed class ViewPieces
{
    private readonly List<ViewPiece> _pieces;

    public ViewPieces(ViewPiece whole) => _pieces = [whole];

    public int Count => _pieces.Count;

    public ViewPiece this[int index] => _pieces[index];

    /// <summary>The index of the piece that a page lies in.</summary>
    public int IndexOf(PageIndex page) => IndexOf(CollectionsMarshal.AsSpan(_pieces), page);

    /// <summary>The same among pieces that were copied.</summary>
    public static int IndexOf(ReadOnlySpan<ViewPiece> pieces, PageIndex page)
    {
        int low = 0;
        int high = pieces.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >> 1;
            if (pieces[middle].Pages.First <= page)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        Invariant.That(pieces[low].Pages.Contains(page));
        return low;
    }

    /// <summary>The parts of the pieces that lie inside a range, as they are now.</summary>
    public ViewPiece[] In(PageRange range)
    {
        if (range.IsEmpty)
        {
            return [];
        }

        int first = IndexOf(range.First);
        int last = IndexOf(range.End + -1);
        ViewPiece[] found = new ViewPiece[last - first + 1];
        for (int i = first; i <= last; i++)
        {
            found[i - first] = _pieces[i].Within(range);
        }

        return found;
    }

    public ViewPiece[] ToArray() => [.. _pieces];

    /// <summary>Puts a piece in place of whatever was there.</summary>
    public void Set(ViewPiece piece)
    {
        int first = IndexOf(piece.Pages.First);
        int last = IndexOf(piece.Pages.End + -1);
        ViewPiece before = _pieces[first].Within(PageRange.Between(_pieces[first].Pages.First, piece.Pages.First));
        ViewPiece after = _pieces[last].Within(PageRange.Between(piece.Pages.End, _pieces[last].Pages.End));
        _pieces.RemoveRange(first, last - first + 1);
        int at = first;
        foreach (ViewPiece next in (ReadOnlySpan<ViewPiece>)[before, piece, after])
        {
            if (!next.Pages.IsEmpty)
            {
                _pieces.Insert(at++, next);
            }
        }

        for (int i = Math.Min(at, _pieces.Count - 1); i >= Math.Max(1, first); i--)
        {
            if (_pieces[i - 1].IsContinuedBy(_pieces[i]))
            {
                _pieces[i - 1] = Joined(_pieces[i - 1], _pieces[i]);
                _pieces.RemoveAt(i);
            }
        }
    }

    private static ViewPiece Joined(ViewPiece left, ViewPiece right) =>
        left with { Pages = PageRange.Between(left.Pages.First, right.Pages.End) };
}

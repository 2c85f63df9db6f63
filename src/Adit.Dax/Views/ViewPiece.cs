using Adit.Dax.Layouts;

namespace Adit.Dax.Views;

/// <summary>What the addresses of a stretch of a view show.</summary>
internal enum PieceKind : byte
{
    /// <summary>Zeros of no block: a hole, or what lies behind the end of the file.</summary>
    Zeros,

    /// <summary>The medium.</summary>
    Medium,

    /// <summary>A copy of what was there, until the new layout is known.</summary>
    Copy,

    /// <summary>A copy of what was there, for good.</summary>
    Detached,

    /// <summary>On its way to be detached, when memory ran out: a store makes a copy of its page, and what has none yet is still
    /// the medium's.</summary>
    HalfDetached,
}

/// <summary>A stretch of a view that shows one thing.</summary>
/// <param name="Pages">In pages of the file.</param>
/// <param name="Kind">What it shows.</param>
/// <param name="Start">The medium's page of the first one, for <see cref="PieceKind.Medium"/>.</param>
/// <param name="IsTracked">The kernel tells which pages of it were stored to.</param>
internal readonly record struct ViewPiece(PageRange Pages, PieceKind Kind, MediumPage Start, bool IsTracked = false)
{
    /// <summary>The part of it inside a range.</summary>
    public ViewPiece Within(PageRange range)
    {
        PageRange part = Pages.Intersect(range);
        return this with { Pages = part, Start = Start.IsNone ? Start : Start + (part.First - Pages.First) };
    }

    /// <summary>What follows goes on where this one ends.</summary>
    public bool IsContinuedBy(ViewPiece next) =>
        next.Kind == Kind && next.IsTracked == IsTracked && next.Pages.First == Pages.End
        && (Kind != PieceKind.Medium || next.Start == Start + Pages.PageCount);
}

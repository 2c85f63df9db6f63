using System.Diagnostics.CodeAnalysis;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Views;

/// <summary>One range of addresses that shows a range of a file, wherever on the medium its blocks lie.</summary>
/// <remarks>
/// Invariant: from the moment it is made until it is disposed, every address of it can be loaded from (and stored to, unless it is
/// of kind <see cref="ViewKind.Read"/>), at any instant, whatever happens to the file. What an address shows is switched by one
/// call to the kernel: another thread finds what was or what comes.
/// A store can never need a new block: what is stored to has its blocks before it is mapped, and what has none (behind the end of
/// the file) is memory of the view's own.
/// Guarded by the mapping's lock: shared for <see cref="CollectDirty"/> (one caller at a time) and the first
/// <see cref="Map"/>, exclusive for everything else. Outcomes are errno values; what could not be done has not been done.
/// </remarks>
internal sealed unsafe partial class ViewMapping : IDisposable
{
    private readonly Medium _medium;
    private readonly StoreTracker? _tracker;
    private readonly AddressRange _range;
    private readonly ViewPieces _pieces;
    private readonly List<PageRange> _owed = [];
    private bool _isMapped;
    private bool _isDetached;

    // The pieces as they were last: for those who hold no lock.
    private ViewPiece[] _shown = [];
    private int _mappingCount;

    private ViewMapping(Medium medium, PageRange pages, ViewKind kind, bool hugePages, StoreTracker? tracker, AddressRange range)
    {
        _medium = medium;
        _tracker = tracker;
        _range = range;
        _pieces = new ViewPieces(new ViewPiece(pages, PieceKind.Zeros, MediumPage.None));
        Pages = pages;
        Kind = kind;
        WantsHugePages = hugePages;
    }

    /// <summary>The first byte: that of the first page.</summary>
    public byte* Start => _range.Start;

    public PageRange Pages { get; }

    public ViewKind Kind { get; }

    /// <summary>The kernel is asked to map 2 MiB at once where it can; stores are then found by 2 MiB.</summary>
    public bool WantsHugePages { get; }

    /// <summary>Makes a view that shows zeros; <see cref="Map"/> gives it its content.</summary>
    /// <param name="medium">What the file lies on. Not owned, and used until the mapping is disposed.</param>
    /// <param name="pages">Which pages of the file.</param>
    /// <param name="kind">What may be done.</param>
    /// <param name="hugePages">Ask for huge pages.</param>
    /// <param name="tracker">Finds the stores, or null: all that can be stored to then counts as stored to at each collection.</param>
    /// <param name="mapping">The view on success.</param>
    /// <returns>ENOTSUP: the medium cannot be mapped a second time; ENOMEM: no addresses left.</returns>
    public static Errno TryCreate(
        Medium medium, PageRange pages, ViewKind kind, bool hugePages, StoreTracker? tracker, [NotNullWhen(true)] out ViewMapping? mapping)
    {
        mapping = null;
        if (medium.MapRangeRefusal is not null)
        {
            return Errno.ENOTSUP;
        }

        Errno outcome = AddressRange.TryReserve(pages.OffsetBytes, pages.LengthBytes, medium.MapUnitBytes, out AddressRange? range);
        if (range is null)
        {
            return outcome;
        }

        ViewMapping made = new(medium, pages, kind, hugePages, tracker, range);
        outcome = made.Place(range.Start, new ViewPiece(pages, PieceKind.Zeros, MediumPage.None));
        if (outcome != Errno.Success)
        {
            range.Dispose();
            return outcome;
        }

        mapping = made;
        return Errno.Success;
    }

    /// <summary>Gives the addresses back. Nobody loads or stores there any more.</summary>
    public void Dispose()
    {
        _range.Dispose();
        MappingBudget.Return(_mappingCount);
        _mappingCount = 0;
    }

    private byte* AddressOf(PageIndex page) => Start + ((page - Pages.First) << PageIndex.PageShift);
}

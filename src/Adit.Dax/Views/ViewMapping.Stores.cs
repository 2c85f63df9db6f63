using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Dax.Views;

/// <content>Which pages were stored to.</content>
internal sealed unsafe partial class ViewMapping
{
    /// <summary>Every page of the file that can be stored to is watched: a collection costs what is looked through and reports
    /// what was stored to. Otherwise it reports all of it.</summary>
    public bool TracksStores
    {
        get
        {
            foreach (ViewPiece piece in Volatile.Read(ref _shown))
            {
                if (CountsAsStored(piece))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Tells which pages of the file were stored to since the last call, and takes write access back from them first.</summary>
    /// <param name="pages">Inside <see cref="Pages"/>.</param>
    /// <param name="found">Gets at least those pages.</param>
    public void CollectDirty(PageRange pages, IDirtyPages found)
    {
        PayOwed(pages, found);
        if (Kind != ViewKind.ReadWrite || pages.IsEmpty)
        {
            return;
        }

        // Pieces that are watched are scanned with those that follow them: a call for each would cost more than the scan.
        PageRange watched = new(pages.First, 0);
        for (int i = _pieces.IndexOf(pages.First); i < _pieces.Count && _pieces[i].Pages.First < pages.End; i++)
        {
            ViewPiece piece = _pieces[i].Within(pages);
            if (piece.IsTracked)
            {
                watched = PageRange.Between(watched.First, piece.Pages.End);
                continue;
            }

            Scan(watched, found);
            watched = new PageRange(piece.Pages.End, 0);
            if (CountsAsStored(piece))
            {
                found.Add(piece.Pages);
            }
        }

        Scan(watched, found);
    }

    /// <summary>Tells the medium that bytes were stored, to be durable after its next fence. Needs no lock: a piece that is detached meanwhile
    /// has blocks that are written back for nothing.</summary>
    /// <param name="offsetBytes">Where in the file; the bytes lie inside <see cref="Pages"/>.</param>
    /// <param name="lengthBytes">How many.</param>
    /// <returns>ENODATA: a part does not show the file's bytes any more.</returns>
    public Errno MarkStored(long offsetBytes, long lengthBytes)
    {
        Errno outcome = Errno.Success;
        long end = offsetBytes + lengthBytes;
        ViewPiece[] shown = Volatile.Read(ref _shown);
        for (int i = ViewPieces.IndexOf(shown, PageIndex.OfOffset(offsetBytes)); i < shown.Length && shown[i].Pages.OffsetBytes < end; i++)
        {
            ViewPiece piece = shown[i];
            long from = Math.Max(offsetBytes, piece.Pages.OffsetBytes);
            long length = Math.Min(end, piece.Pages.OffsetBytes + piece.Pages.LengthBytes) - from;
            if (piece.Kind == PieceKind.Medium)
            {
                _medium.MarkStored(piece.Start.OffsetBytes + (from - piece.Pages.OffsetBytes), length);
            }
            else
            {
                outcome = Errno.ENODATA;
            }
        }

        return outcome;
    }

    private bool CountsAsStored(ViewPiece piece) =>
        Kind == ViewKind.ReadWrite && piece.Kind == PieceKind.Medium && !piece.IsTracked;

    private void Scan(PageRange watched, IDirtyPages found)
    {
        if (watched.IsEmpty)
        {
            return;
        }

        FoundRuns runs = new(watched, found);
        if (_tracker!.Collect(AddressOf(watched.First), watched.LengthBytes, ref runs) != Errno.Success)
        {
            found.Add(watched);
        }
    }

    /// <summary>Reports what was stored to, or may have been, when the pages ceased to show the medium.</summary>
    private void PayOwed(PageRange pages, IDirtyPages found)
    {
        for (int i = _owed.Count - 1; i >= 0; i--)
        {
            PageRange owed = _owed[i];
            PageRange paid = owed.Intersect(pages);
            if (paid.IsEmpty)
            {
                continue;
            }

            found.Add(paid);
            _owed.RemoveAt(i);
            Owe(PageRange.Between(owed.First, paid.First));
            Owe(PageRange.Between(paid.End, owed.End));
        }
    }

    private void Owe(PageRange pages)
    {
        if (!pages.IsEmpty)
        {
            _owed.Add(pages);
        }
    }

    /// <summary>Begins to watch what was just mapped.</summary>
    private ViewPiece Watched(ViewPiece piece)
    {
        if (Kind != ViewKind.ReadWrite || piece.Kind != PieceKind.Medium)
        {
            return piece;
        }

        if (_isMapped)
        {
            // Others may have stored between the mapping and the watching.
            Owe(piece.Pages);
        }

        if (WantsHugePages)
        {
            // Watching puts marks of 4 KiB where nothing is mapped yet, and a huge page no longer fits there. What cannot be read in now stays small.
            _ = Populate(AddressOf(piece.Pages.First), piece.Pages.LengthBytes, Libc.MADV_POPULATE_READ);
        }

        bool isTracked = _tracker is not null && _tracker.Watch(AddressOf(piece.Pages.First), piece.Pages.LengthBytes) == Errno.Success;
        return piece with { IsTracked = isTracked };
    }

    /// <summary>Turns runs of a scan into pages of the file.</summary>
    private readonly ref struct FoundRuns(PageRange scanned, IDirtyPages found) : IPageRuns
    {
        private readonly PageRange _scanned = scanned;
        private readonly IDirtyPages _found = found;

        public void Add(long firstPage, long pageCount) =>
            _found.Add(new PageRange(_scanned.First + firstPage, pageCount).Intersect(_scanned));
    }
}

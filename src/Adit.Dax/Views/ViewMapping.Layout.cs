using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;

namespace Adit.Dax.Views;

/// <content>What the addresses show.</content>
internal sealed unsafe partial class ViewMapping
{
    /// <summary>Shows the segments from now on. What was detached stays as it is, and so does a private view once it has its
    /// content: what it showed then is a copy of its own, or still the file's.</summary>
    /// <param name="segments">In order, inside <see cref="Pages"/>; between them nothing changes.</param>
    /// <returns>ENOMEM: too many mappings; ENOSPC: the host has no room for what may be stored; EROFS; EINVAL: the segments do not
    /// suit the system's page size.</returns>
    public Errno Map(ReadOnlySpan<ViewSegment> segments)
    {
        if (_isMapped && Kind == ViewKind.Private)
        {
            return Errno.Success;
        }

        List<ViewPiece> wanted = [];
        foreach (ViewSegment segment in segments)
        {
            PieceKind kind = segment.IsZeros ? PieceKind.Zeros : PieceKind.Medium;
            AddChanges(new ViewPiece(segment.Pages, kind, segment.Start), wanted);
        }

        Errno outcome = Reserve(wanted);
        if (outcome == Errno.Success)
        {
            outcome = Change(wanted);
        }

        _isMapped |= outcome == Errno.Success;
        return outcome;
    }

    /// <summary>Stops showing the medium in a range, until <see cref="Map"/> or <see cref="Detach"/> follows.</summary>
    /// <param name="pages">Inside <see cref="Pages"/>.</param>
    /// <param name="keepBytes">Show a copy of the bytes meanwhile; a private view always does.</param>
    public Errno Zap(PageRange pages, bool keepBytes)
    {
        if (keepBytes || Kind == ViewKind.Private)
        {
            return Copy(pages, PieceKind.Copy);
        }

        List<ViewPiece> wanted = [];
        AddChanges(new ViewPiece(pages, PieceKind.Zeros, MediumPage.None), wanted);
        return Change(wanted);
    }

    /// <summary>Room on the host for all that can be stored to: a full disk is found out here and not by a store.</summary>
    private Errno Reserve(List<ViewPiece> pieces)
    {
        Errno outcome = Errno.Success;
        for (int i = 0; i < pieces.Count && outcome == Errno.Success && Kind == ViewKind.ReadWrite; i++)
        {
            if (pieces[i].Kind == PieceKind.Medium)
            {
                outcome = _medium.Reserve(pieces[i].Start.OffsetBytes, pieces[i].Pages.LengthBytes);
            }
        }

        return outcome;
    }

    private Errno Change(List<ViewPiece> wanted)
    {
        // Each change adds a mapping and splits another, at most.
        long mostAdded = 2L * wanted.Count;
        if (!MappingBudget.TryTake(mostAdded))
        {
            return Errno.ENOMEM;
        }

        int before = _pieces.Count;

        // The first time nobody reads yet, and what fails is thrown away whole.
        Errno outcome = _isMapped ? Rehearse(wanted) : Errno.Success;
        if (outcome == Errno.Success)
        {
            outcome = Switch(wanted);
        }

        MappingBudget.Return(mostAdded);
        PublishPieces(before);
        return outcome;
    }

    /// <summary>Lets everybody know the pieces, and counts the mappings that they are.</summary>
    /// <param name="before">How many there were.</param>
    private void PublishPieces(int before)
    {
        int added = _pieces.Count - before;
        _mappingCount += added;
        MappingBudget.Return(-added);
        Volatile.Write(ref _shown, _pieces.ToArray());
    }

    /// <summary>The parts of a piece that differ from what is shown, and may be switched.</summary>
    private void AddChanges(ViewPiece piece, List<ViewPiece> changes)
    {
        foreach (ViewPiece shown in _pieces.In(piece.Pages))
        {
            ViewPiece part = piece.Within(shown.Pages);
            bool isSame = shown.Kind == part.Kind && (part.Kind != PieceKind.Medium || shown.Start == part.Start);
            if (isSame || shown.Kind == PieceKind.Detached)
            {
                continue;
            }

            if (changes.Count > 0 && changes[^1].IsContinuedBy(part))
            {
                changes[^1] = changes[^1] with { Pages = PageRange.Between(changes[^1].Pages.First, part.Pages.End) };
            }
            else
            {
                changes.Add(part);
            }
        }
    }

    /// <summary>Maps several pieces aside first and throws that away: what the kernel has no room for, or refuses, is found out
    /// while nothing is changed yet. One piece alone is switched or not.</summary>
    private Errno Rehearse(List<ViewPiece> pieces)
    {
        Errno outcome = Errno.Success;
        List<AddressRange> aside = new(pieces.Count);
        for (int i = 0; i < pieces.Count && pieces.Count > 1 && outcome == Errno.Success; i++)
        {
            outcome = AddressRange.TryReserve(pieces[i].Pages.OffsetBytes, pieces[i].Pages.LengthBytes, _medium.MapUnitBytes, out AddressRange? range);
            if (range is not null)
            {
                aside.Add(range);
                outcome = Place(range.Start, pieces[i]);
            }
        }

        aside.ForEach(range => range.Dispose());
        return outcome;
    }

    private Errno Switch(List<ViewPiece> pieces)
    {
        foreach (ViewPiece piece in pieces)
        {
            // Not at once for lack of memory after a rehearsal means that other threads are mapping in this very moment.
            Errno outcome = Place(AddressOf(piece.Pages.First), piece);
            for (int attempt = 0; outcome == Errno.ENOMEM && attempt < 20; attempt++)
            {
                Thread.Sleep(1);
                outcome = Place(AddressOf(piece.Pages.First), piece);
            }

            if (outcome != Errno.Success)
            {
                return outcome;
            }

            _pieces.Set(Watched(piece));
        }

        return Errno.Success;
    }

    /// <summary>Makes addresses show a piece.</summary>
    private Errno Place(byte* address, ViewPiece piece)
    {
        long lengthBytes = piece.Pages.LengthBytes;
        if (piece.Kind == PieceKind.Zeros)
        {
            return PlaceMemory(
                address, (nuint)lengthBytes, Kind == ViewKind.Read ? Libc.PROT_READ : Libc.PROT_READ | Libc.PROT_WRITE);
        }

        RangeAccess access = Kind switch
        {
            ViewKind.Read => RangeAccess.Read,
            ViewKind.ReadWrite => RangeAccess.ReadWrite,
            _ => RangeAccess.Private,
        };
        Errno outcome = _medium.MapRange(address, piece.Start.OffsetBytes, lengthBytes, access);
        if (outcome == Errno.Success && (WantsHugePages || Kind == ViewKind.ReadWrite) && _medium.MapUnitBytes == Environment.SystemPageSize)
        {
            // Advice: a kernel without huge pages refuses it and loses nothing. Where one store is to be found by page, huge pages
            // are kept out even on a medium that has them; but not on a device, whose only size of page they are: kept from it,
            // every access would be SIGBUS.
            _ = Libc.madvise(address, (nuint)lengthBytes, WantsHugePages ? Libc.MADV_HUGEPAGE : Libc.MADV_NOHUGEPAGE);
        }

        return outcome;
    }

    /// <summary>Makes addresses show zeros that are this view's own.</summary>
    private static Errno PlaceMemory(byte* address, nuint lengthBytes, int protection)
    {
        const int Flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE | Libc.MAP_FIXED;
        void* mapped = Libc.mmap(address, lengthBytes, protection, Flags, -1, 0);
        return mapped == Libc.MAP_FAILED ? Libc.LastError : Errno.Success;
    }
}

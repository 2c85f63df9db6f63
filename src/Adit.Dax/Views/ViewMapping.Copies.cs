using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;

namespace Adit.Dax.Views;

/// <content>Copies in place of the medium.</content>
internal sealed unsafe partial class ViewMapping
{
    /// <summary>Bytes that could not be copied, because the host no longer has them, and show as zeros.</summary>
    public long LostBytes { get; private set; }

    /// <summary>Some pages show a copy for good.</summary>
    public bool IsDetached => Volatile.Read(ref _isDetached);

    /// <summary>Switches a range to a private copy of the bytes that it shows, for good. Stores that race with it are in the file
    /// or in the copy, and in what this view shows either way; which pages of the file they may have reached is told by the next
    /// <see cref="CollectDirty"/>.</summary>
    /// <returns>ENOMEM: nothing has changed, except for a view that is stored to: that may be detached already, but not from the
    /// medium's pages; try again. ENOTSUP: a view that is stored to cannot be detached on a medium that has no private mappings.</returns>
    public Errno Detach(PageRange pages)
    {
        Errno outcome = Copy(pages, PieceKind.Detached);
        if (outcome == Errno.Success)
        {
            Volatile.Write(ref _isDetached, true);
        }

        return outcome;
    }

    private Errno Copy(PageRange pages, PieceKind kind)
    {
        ViewPiece[] shown = _pieces.In(pages);
        int before = _pieces.Count;
        Errno outcome = Errno.Success;
        for (int i = 0; i < shown.Length && outcome == Errno.Success; i++)
        {
            outcome = Copy(shown[i], kind);
            if (outcome != Errno.Success && Kind == ViewKind.Read)
            {
                Undo(shown.AsSpan(0, i + 1));
            }
        }

        PublishPieces(before);
        return outcome;
    }

    private Errno Copy(ViewPiece piece, PieceKind kind)
    {
        if (piece.Kind == PieceKind.Detached || (piece.Kind == PieceKind.Zeros && kind == PieceKind.Copy))
        {
            return Errno.Success;
        }

        Errno outcome = piece.Kind switch
        {
            PieceKind.Medium when Kind == ViewKind.Private => Populate(piece),
            PieceKind.Medium => CopyShared(piece),
            PieceKind.HalfDetached => Populate(piece),
            _ => Errno.Success,
        };
        if (outcome == Errno.Success)
        {
            // Only a view that is read may go back to the file's new layout: another's copies may have been stored to.
            PieceKind become = Kind == ViewKind.Read ? kind : PieceKind.Detached;
            _pieces.Set(new ViewPiece(piece.Pages, become, MediumPage.None));
        }

        return outcome;
    }

    /// <summary>Lets the kernel make the copies: the range becomes a private mapping of the same blocks in one step, then each page
    /// of it gets its copy. Loads and stores go on meanwhile and nothing of them is lost.</summary>
    private Errno CopyShared(ViewPiece piece)
    {
        byte* address = AddressOf(piece.Pages.First);
        nuint lengthBytes = (nuint)piece.Pages.LengthBytes;
        Errno outcome = _medium.MapRange(address, piece.Start.OffsetBytes, piece.Pages.LengthBytes, RangeAccess.Private);
        if (outcome == Errno.EINVAL)
        {
            // A device-DAX device has no private mappings.
            return Kind == ViewKind.Read ? CopyAside(piece) : Errno.ENOTSUP;
        }

        if (outcome != Errno.Success)
        {
            return outcome;
        }

        if (Kind == ViewKind.ReadWrite)
        {
            // From this instant no store reaches the medium. Those since the last scan did, and are not known by page.
            _owed.Add(piece.Pages);
            _pieces.Set(piece with { Kind = PieceKind.HalfDetached, IsTracked = false });
        }

        outcome = Populate(piece);
        return outcome == Errno.Success && Kind == ViewKind.Read
            ? Libc.Outcome(Libc.mprotect(address, lengthBytes, Libc.PROT_READ))
            : outcome;
    }

    /// <summary>Makes the copy beside the view, then moves it into its place in one step. Only for what nobody stores to.</summary>
    private Errno CopyAside(ViewPiece piece)
    {
        nuint lengthBytes = (nuint)piece.Pages.LengthBytes;
        Errno outcome = AddressRange.TryReserve(piece.Pages.OffsetBytes, piece.Pages.LengthBytes, _medium.MapUnitBytes, out AddressRange? aside);
        if (aside is null)
        {
            return outcome;
        }

        using (aside)
        {
            byte* shown = AddressOf(piece.Pages.First);
            outcome = PlaceMemory(aside.Start, lengthBytes, Libc.PROT_READ | Libc.PROT_WRITE);
            if (outcome != Errno.Success)
            {
                return outcome;
            }

            Buffer.MemoryCopy(shown, aside.Start, lengthBytes, lengthBytes);
            if (Libc.mprotect(aside.Start, lengthBytes, Libc.PROT_READ) != 0
                || Libc.mremap(aside.Start, lengthBytes, lengthBytes, Libc.MREMAP_MAYMOVE | Libc.MREMAP_FIXED, shown) == Libc.MAP_FAILED)
            {
                return Libc.LastError;
            }

            aside.MarkMoved();
            return Errno.Success;
        }
    }

    /// <summary>Shows the medium again in pieces of which a part was copied. Nothing was stored to the copies.</summary>
    private void Undo(ReadOnlySpan<ViewPiece> pieces)
    {
        foreach (ViewPiece piece in pieces)
        {
            if (piece.Kind == PieceKind.Medium && Place(AddressOf(piece.Pages.First), piece) == Errno.Success)
            {
                _pieces.Set(piece);
            }
        }
    }

    /// <summary>Gives each page of a private mapping its copy. The kernel does it as for a store, so stores may go on meanwhile.</summary>
    private Errno Populate(ViewPiece piece)
    {
        byte* from = AddressOf(piece.Pages.First);
        byte* end = from + piece.Pages.LengthBytes;
        Errno outcome = Populate(from, end - from);
        while (outcome is Errno.EFAULT or Errno.EHWPOISON)
        {
            // The host no longer has a page. Go on page by page, with zeros for what is gone.
            long page = Environment.SystemPageSize;
            while (from < end && Populate(from, page) == Errno.Success)
            {
                from += page;
            }

            if (from == end)
            {
                return Errno.Success;
            }

            outcome = PlaceMemory(from, (nuint)page, Libc.PROT_READ | Libc.PROT_WRITE);
            if (outcome == Errno.Success)
            {
                LostBytes += page;
                from += page;
                outcome = from < end ? Populate(from, end - from) : Errno.Success;
            }
        }

        return outcome;
    }

    private static Errno Populate(byte* address, long lengthBytes) => Populate(address, lengthBytes, Libc.MADV_POPULATE_WRITE);
}

using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Dax.Views;

/// <content>How the hardware maps it.</content>
internal sealed unsafe partial class ViewMapping
{
    public const long ChunkBytes = (long)PageIndex.PagesPerHuge << PageIndex.PageShift;

    /// <summary>Bytes that entries of 2 MiB map at this moment, or null on a kernel that does not tell.</summary>
    public long? HugeBytes => CountBytes(PagemapScan.PAGE_IS_HUGE);

    /// <summary>Bytes that have an entry in the page table at this moment, or null on a kernel that does not tell.</summary>
    public long? PresentBytes => CountBytes(PagemapScan.PAGE_IS_PRESENT);

    /// <summary>Finds an aligned chunk of the view that lies in an aligned chunk of the medium.</summary>
    public bool TryFindChunk(out byte* chunk)
    {
        foreach (ViewPiece piece in _shown)
        {
            PageIndex first = (piece.Pages.First + (PageIndex.PagesPerHuge - 1)).HugeStart;
            if (piece.Kind == PieceKind.Medium && first + PageIndex.PagesPerHuge <= piece.Pages.End
                && (piece.Start + (first - piece.Pages.First)).IsHugeAligned)
            {
                chunk = AddressOf(first);
                return true;
            }
        }

        chunk = null;
        return false;
    }

    /// <summary>Enters all pages into the page table, for loads.</summary>
    public Errno Populate()
    {
        Errno outcome = Populate(Start, Pages.LengthBytes, Libc.MADV_POPULATE_READ);
        return outcome is Errno.EFAULT or Errno.EHWPOISON ? Errno.EIO : outcome;
    }

    public Errno Advise(AccessPattern pattern)
    {
        int advice = pattern switch
        {
            AccessPattern.Random => Libc.MADV_RANDOM,
            AccessPattern.Sequential => Libc.MADV_SEQUENTIAL,
            AccessPattern.WillNeed => Libc.MADV_WILLNEED,
            _ => Libc.MADV_NORMAL,
        };
        return Libc.Outcome(Libc.madvise(Start, (nuint)Pages.LengthBytes, advice));
    }

    /// <summary>Has the kernel do what a load, or a store, of each page would.</summary>
    /// <returns>EFAULT, EHWPOISON: the host does not have a page. ENOMEM.</returns>
    private static Errno Populate(byte* address, long lengthBytes, int advice)
    {
        Errno outcome;
        do
        {
            outcome = Libc.Outcome(Libc.madvise(address, (nuint)lengthBytes, advice));
        }
        while (outcome is Errno.EINTR or Errno.EAGAIN);

        if (outcome != Errno.EINVAL)
        {
            return outcome;
        }

        // A kernel before 5.14. A store that changes nothing is a store.
        for (long offset = 0; offset < lengthBytes; offset += Environment.SystemPageSize)
        {
            if (advice == Libc.MADV_POPULATE_WRITE)
            {
                Interlocked.Or(ref *(int*)(address + offset), 0);
            }
            else
            {
                _ = Volatile.Read(ref *(address + offset));
            }
        }

        return Errno.Success;
    }

    private long? CountBytes(ulong categories) =>
        PageScanner.Shared is { } scanner ? scanner.CountBytes(Start, Pages.LengthBytes, categories) : null;
}

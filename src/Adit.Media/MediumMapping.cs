using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Maps what media are made of: readable, writable, aligned for huge pages.</summary>
internal static class MediumMapping
{
    /// <param name="name">The medium's name, for the message.</param>
    /// <param name="fd">The file or device, or -1 for anonymous memory.</param>
    /// <param name="lengthBytes">A multiple of 4 KiB.</param>
    /// <param name="flags">MAP_ flags.</param>
    /// <param name="protection">PROT_ flags.</param>
    /// <param name="hugePages">Ask for huge pages. Not for a file whose changes are written back by page: its page cache
    /// would come in pieces of 2 MiB too, and one store would make all of a piece dirty.</param>
    /// <exception cref="MediumException">It cannot be mapped.</exception>
    public static MemoryMapping Map(
        string name, int fd, long lengthBytes, int flags, bool hugePages, int protection = Libc.PROT_READ | Libc.PROT_WRITE)
    {
        Errno outcome = MemoryMapping.TryMap(fd, lengthBytes, protection, flags, out MemoryMapping? mapping);
        if (mapping is null)
        {
            throw new MediumException(outcome, $"{name}: cannot map {lengthBytes} bytes: {outcome.Message()}.");
        }

        if (hugePages)
        {
            // A kernel without huge pages refuses the advice; small pages serve as well, only slower.
            _ = mapping.Advise(Libc.MADV_HUGEPAGE);
        }

        return mapping;
    }

    /// <summary>Maps a range of a file or device in place of what is at an address.</summary>
    /// <param name="fd">The file or device.</param>
    /// <param name="address">A multiple of the page size, inside addresses that the caller has reserved.</param>
    /// <param name="offsetBytes">Where in the file the range begins; a multiple of the page size.</param>
    /// <param name="lengthBytes">A multiple of the page size.</param>
    /// <param name="access">What may be done there.</param>
    /// <param name="sharedFlags">The MAP_ flags of a mapping whose stores reach the file.</param>
    public static unsafe Errno MapRange(
        int fd, byte* address, long offsetBytes, long lengthBytes, RangeAccess access, int sharedFlags)
    {
        long mask = Environment.SystemPageSize - 1;
        if ((((long)address | offsetBytes | lengthBytes) & mask) != 0)
        {
            return Errno.EINVAL;
        }

        // Room for private copies is taken when they are made: a private view of a large file costs nothing before.
        int flags = access == RangeAccess.Private ? Libc.MAP_PRIVATE | Libc.MAP_NORESERVE : sharedFlags;
        int protection = access == RangeAccess.Read ? Libc.PROT_READ : Libc.PROT_READ | Libc.PROT_WRITE;
        void* mapped = Libc.mmap(address, (nuint)lengthBytes, protection, flags | Libc.MAP_FIXED, fd, offsetBytes);
        return mapped == Libc.MAP_FAILED ? Libc.LastError : Errno.Success;
    }
}

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
    /// <param name="hugePages">Ask for huge pages. Not for a file whose changes are written back by page: its page cache
    /// would come in pieces of 2 MiB too, and one store would make all of a piece dirty.</param>
    /// <exception cref="MediumException">It cannot be mapped.</exception>
    public static MemoryMapping Map(string name, int fd, long lengthBytes, int flags, bool hugePages)
    {
        Errno outcome = MemoryMapping.TryMap(
            fd, lengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, flags, out MemoryMapping? mapping);
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
}

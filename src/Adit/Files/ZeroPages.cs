using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Files;

/// <summary>One mebibyte of zeros for the holes of all files. Never written, never freed; the host gives it memory as far as it is read.</summary>
/// <remarks>Of the kind that a file's pages are, and not the host's one zero page, which anonymous memory shows until it is written: a kernel that
/// copies from that has to look it up under a lock, and gives up, with EIO for whoever waits for the copy, when the process is being killed
/// meanwhile. Pages of a file it copies from without looking. The host promises the memory here and now: a later read is not refused any (SIGBUS).</remarks>
internal static unsafe class ZeroPages
{
    public const int LengthBytes = 1 << 20;

    public static readonly byte* Start = Map();

    private static byte* Map()
    {
        Errno outcome = MemoryMapping.TryMap(-1, LengthBytes, Libc.PROT_READ, Libc.MAP_SHARED | Libc.MAP_ANONYMOUS, out MemoryMapping? mapping);
        return mapping is not null ? mapping.Start : throw new OutOfMemoryException($"no memory for the zeros of holes: {outcome.Message()}");
    }
}

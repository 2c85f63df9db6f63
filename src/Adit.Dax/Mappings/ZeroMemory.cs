using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Dax.Mappings;

/// <summary>2 MiB of zeros that can only be read: what holes show. One for the process, never unmapped; the kernel backs it with its
/// own zero page.</summary>
internal static unsafe class ZeroMemory
{
    public const int LengthBytes = 2 << 20;

    private static readonly MemoryMapping Mapping = Map();

    public static byte* Start { get; } = Mapping.Start;

    private static MemoryMapping Map()
    {
        Errno outcome = MemoryMapping.TryMap(
            -1, LengthBytes, Libc.PROT_READ, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, out MemoryMapping? mapping);
        return mapping ?? throw new OutOfMemoryException($"2 MiB of zeros cannot be mapped: {outcome.Message()}.");
    }
}

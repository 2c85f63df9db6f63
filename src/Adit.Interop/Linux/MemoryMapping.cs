using System.Diagnostics.CodeAnalysis;

namespace Adit.Interop.Linux;

/// <summary>A range of mapped memory at an address that is a multiple of 2 MiB, so that huge pages can map it.</summary>
/// <remarks>Unmapped by its owner, when no reader can be left, and never by a finalizer: a pointer into it must not
/// outlive it, and the collector sees no pointers.</remarks>
public sealed unsafe class MemoryMapping : IDisposable
{
    private const long Alignment = 2 << 20;

    private int _isUnmapped;

    private MemoryMapping(byte* start, long lengthBytes)
    {
        Start = start;
        LengthBytes = lengthBytes;
    }

    public byte* Start { get; }

    public long LengthBytes { get; }

    /// <summary>Maps a file.</summary>
    /// <param name="fd">The file, or -1 for anonymous memory.</param>
    /// <param name="lengthBytes">A multiple of the system's page size.</param>
    /// <param name="protection">PROT_ flags.</param>
    /// <param name="flags">MAP_ flags, without a fixed address.</param>
    /// <param name="mapping">The mapping on success.</param>
    /// <param name="offsetBytes">Where in the file the range begins.</param>
    public static Errno TryMap(
        int fd, long lengthBytes, int protection, int flags, [NotNullWhen(true)] out MemoryMapping? mapping, long offsetBytes = 0)
    {
        mapping = null;

        // Take more addresses than needed, map over the aligned part, give back both ends.
        nuint reserved = (nuint)(lengthBytes + Alignment);
        void* room = Libc.mmap(null, reserved, Libc.PROT_NONE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if (room == Libc.MAP_FAILED)
        {
            return Libc.LastError;
        }

        byte* start = (byte*)(((nuint)room + (nuint)Alignment - 1) & ~((nuint)Alignment - 1));
        if (Libc.mmap(start, (nuint)lengthBytes, protection, flags | Libc.MAP_FIXED, fd, offsetBytes) == Libc.MAP_FAILED)
        {
            Errno reason = Libc.LastError;
            Libc.munmap(room, reserved);
            return reason;
        }

        GiveBack((byte*)room, start);
        GiveBack(PageEnd(start + lengthBytes), (byte*)room + reserved);
        mapping = new MemoryMapping(start, lengthBytes);
        return Errno.Success;
    }

    /// <summary>Gives advice about the whole range. A kernel that does not know it is not an error.</summary>
    public Errno Advise(int advice) => Libc.Outcome(Libc.madvise(Start, (nuint)LengthBytes, advice));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isUnmapped, 1) == 0)
        {
            Libc.munmap(Start, (nuint)LengthBytes);
        }
    }

    private static byte* PageEnd(byte* address)
    {
        nuint mask = (nuint)Environment.SystemPageSize - 1;
        return (byte*)(((nuint)address + mask) & ~mask);
    }

    private static void GiveBack(byte* from, byte* to)
    {
        if (to > from)
        {
            Libc.munmap(from, (nuint)(to - from));
        }
    }
}

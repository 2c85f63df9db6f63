using System.Diagnostics.CodeAnalysis;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Dax.Views;

/// <summary>Addresses taken for a view, so that nothing else is mapped there. They lie in a huge page as the file's bytes lie in
/// its chunk: where the medium's do too, the hardware can map 2 MiB at once; or in 1 GiB, where the medium is made of those.</summary>
/// <remarks>Given back by the owner when no reader can be left, and never by a finalizer: the collector sees no pointers.</remarks>
internal sealed unsafe class AddressRange : IDisposable
{
    private const long HugeBytes = 2 << 20;

    private int _isReleased;

    private AddressRange(byte* start, long lengthBytes)
    {
        Start = start;
        LengthBytes = lengthBytes;
    }

    public byte* Start { get; }

    public long LengthBytes { get; }

    /// <summary>Takes addresses. Nothing can be loaded or stored there yet.</summary>
    /// <param name="offsetBytes">Where in the file the view begins; a multiple of the system's page size.</param>
    /// <param name="lengthBytes">A multiple of the system's page size.</param>
    /// <param name="unitBytes">The least unit that the medium is mapped in.</param>
    /// <param name="range">The addresses on success.</param>
    /// <returns>ENOMEM: no room left among the process's addresses; EINVAL.</returns>
    public static Errno TryReserve(long offsetBytes, long lengthBytes, int unitBytes, [NotNullWhen(true)] out AddressRange? range)
    {
        range = null;
        long mask = Environment.SystemPageSize - 1;
        long alignment = Math.Max(HugeBytes, unitBytes);
        if (offsetBytes < 0 || lengthBytes <= 0 || ((offsetBytes | lengthBytes) & mask) != 0 || lengthBytes > long.MaxValue - alignment)
        {
            return Errno.EINVAL;
        }

        nuint reserved = (nuint)(lengthBytes + alignment);
        void* room = Libc.mmap(null, reserved, Libc.PROT_NONE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if (room == Libc.MAP_FAILED)
        {
            return Libc.LastError;
        }

        byte* start = (byte*)room + ((offsetBytes - (long)room) & (alignment - 1));
        GiveBack((byte*)room, start);
        GiveBack(start + lengthBytes, (byte*)room + reserved);
        range = new AddressRange(start, lengthBytes);
        return Errno.Success;
    }

    /// <summary>What was mapped here was moved away, and the addresses with it are nobody's: others may have them already.</summary>
    public void MarkMoved() => Interlocked.Exchange(ref _isReleased, 1);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            GiveBack(Start, Start + LengthBytes);
        }
    }

    private static void GiveBack(byte* from, byte* to)
    {
        if (to > from)
        {
            // Fails only where a mapping has to be split and the process has too many: the addresses then stay taken.
            _ = Libc.munmap(from, (nuint)(to - from));
        }
    }
}

using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse.Session;

/// <summary>Has the pages of a reply in place before the kernel copies from them. It takes a page that is not there for granted or waits for it, but not
/// when the process is being killed meanwhile: then it gives the client EIO, although another server could have answered.</summary>
/// <remarks>Remembers what it has had in place, by 64 KiB; a page that the host takes away again is not noticed. Thread-safe: what two threads forget of
/// each other is done once more.</remarks>
internal sealed unsafe class PresentPages
{
    private const int UnitShift = 16;
    private const int EntryCount = 1 << 16;

    private readonly ulong[] _units = new ulong[EntryCount];

    /// <summary>Has the pages of some segments in place; what cannot be had is the reply's to find out.</summary>
    public void Ensure(ReadOnlySpan<MediumSegment> segments)
    {
        foreach (MediumSegment segment in segments)
        {
            ulong first = (ulong)segment.Start >> UnitShift;
            ulong last = ((ulong)segment.Start + (ulong)segment.LengthBytes - 1) >> UnitShift;
            for (ulong unit = first; unit <= last; unit++)
            {
                ref ulong entry = ref _units[unit & (EntryCount - 1)];
                if (Volatile.Read(ref entry) != unit)
                {
                    _ = Libc.madvise((void*)(unit << UnitShift), 1 << UnitShift, Libc.MADV_POPULATE_READ);
                    Volatile.Write(ref entry, unit);
                }
            }
        }
    }
}

using Adit.Dax.Entries;

namespace Adit.Dax.Pins;

/// <summary>A contiguous stretch of a pin and the entry that keeps it in place (none for zeros).</summary>
internal unsafe struct PinSegment
{
    public EntryRef Entry;
    public byte* Start;
    public long LengthBytes;
}

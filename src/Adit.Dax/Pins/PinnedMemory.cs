using System.Buffers;

namespace Adit.Dax.Pins;

/// <summary>A stretch of a <see cref="LongPin"/> as memory.</summary>
internal sealed unsafe class PinnedMemory(LongPin pin, byte* start, int lengthBytes) : MemoryManager<byte>
{
    private const int MaxBytes = 1 << 30;

    /// <summary>Segments that lie side by side become one memory.</summary>
    public static PinnedMemory[] Over(LongPin pin, ReadOnlySpan<PinSegment> segments)
    {
        List<PinnedMemory> memories = [];
        int i = 0;
        while (i < segments.Length)
        {
            byte* start = segments[i].Start;
            long length = segments[i].LengthBytes;
            for (i++; i < segments.Length && segments[i].Start == start + length; i++)
            {
                length += segments[i].LengthBytes;
            }

            for (; length > 0; start += MaxBytes, length -= MaxBytes)
            {
                memories.Add(new PinnedMemory(pin, start, (int)Math.Min(length, MaxBytes)));
            }
        }

        return [.. memories];
    }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(pin.IsDisposed, pin);
        return new Span<byte>(start, lengthBytes);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, lengthBytes);
        pin.Join();
        return new MemoryHandle(start + elementIndex, default, this);
    }

    public override void Unpin() => pin.Leave();

    protected override void Dispose(bool disposing)
    {
    }
}

using System.Buffers;

namespace Adit.Dax.Views;

/// <summary>A part of a view as memory. Pinned, it keeps the view's addresses beyond its disposal.</summary>
internal sealed unsafe class ViewMemory(View view, byte* start, int lengthBytes) : MemoryManager<byte>
{
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(view.IsDisposed, view);
        return new Span<byte>(start, lengthBytes);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, lengthBytes);
        view.Join();
        return new MemoryHandle(start + elementIndex, default, this);
    }

    public override void Unpin() => view.Leave();

    protected override void Dispose(bool disposing)
    {
    }
}

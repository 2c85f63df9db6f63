using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests.Views;

/// <summary>Another medium, to which nothing is stored.</summary>
internal sealed unsafe class ReadOnlyProxy : Medium
{
    private readonly Medium _inner;

    public ReadOnlyProxy(Medium inner)
    {
        _inner = inner;
        Start = inner.Start;
        LengthBytes = inner.LengthBytes;
    }

    public override string Name => _inner.Name;

    public override MediumKind Kind => _inner.Kind;

    public override bool IsReadOnly => true;

    public override bool HasCheapFences => true;

    public override string? MapRangeRefusal => _inner.MapRangeRefusal;

    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access) =>
        access == RangeAccess.ReadWrite ? Errno.EROFS : _inner.MapRange(address, offsetBytes, lengthBytes, access);

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source) => throw new InvalidOperationException();

    public override void WriteZeros(long offsetBytes, long lengthBytes) => throw new InvalidOperationException();

    public override void MarkStored(long offsetBytes, long lengthBytes) => throw new InvalidOperationException();

    public override void Fence()
    {
    }

    public override void Dispose()
    {
    }
}

using Adit.Interop;
using Adit.Media;

namespace Adit.Tests.Files;

/// <summary>Memory with cheap fences that counts the bytes it is asked to make durable.</summary>
internal sealed unsafe class CountingMedium : Medium
{
    private readonly MemoryMedium _memory;
    private long _bytes;

    public CountingMedium(long lengthBytes)
    {
        _memory = new MemoryMedium(lengthBytes);
        Start = _memory.Start;
        LengthBytes = lengthBytes;
    }

    /// <summary>Bytes written or marked as stored since the last <see cref="Take"/>.</summary>
    public long Take() => Interlocked.Exchange(ref _bytes, 0);

    public override string Name => "counting memory";

    public override MediumKind Kind => _memory.Kind;

    public override bool HasCheapFences => true;

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        Interlocked.Add(ref _bytes, source.Length);
        _memory.Write(offsetBytes, source);
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        Interlocked.Add(ref _bytes, lengthBytes);
        _memory.WriteZeros(offsetBytes, lengthBytes);
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
        Interlocked.Add(ref _bytes, lengthBytes);
        _memory.MarkStored(offsetBytes, lengthBytes);
    }

    public override void Fence() => _memory.Fence();

    public override void Dispose() => _memory.Dispose();
}

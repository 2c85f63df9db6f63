using System.Buffers;

namespace Adit.Dax.Pins;

/// <summary>A stretch of a <see cref="LongPin"/> in a sequence of them.</summary>
internal sealed class PinSequence : ReadOnlySequenceSegment<byte>
{
    public PinSequence(ReadOnlyMemory<byte> memory) => Memory = memory;

    public PinSequence Append(ReadOnlyMemory<byte> memory)
    {
        PinSequence next = new(memory) { RunningIndex = RunningIndex + Memory.Length };
        Next = next;
        return next;
    }
}

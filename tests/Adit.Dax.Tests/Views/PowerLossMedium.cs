using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests.Views;

/// <summary>Shared memory that views can map, and what of it would survive a loss of power at the worst moment: nothing but what was written
/// or marked and then fenced, as it was when it was marked.</summary>
internal sealed unsafe class PowerLossMedium : Medium
{
    private readonly MemoryMedium _memory;
    private readonly byte[] _survivor;
    private readonly List<(long Offset, byte[] Bytes)> _marked = [];

    public PowerLossMedium(long lengthBytes)
    {
        _memory = MemoryMedium.CreateShared(lengthBytes);
        _survivor = new byte[lengthBytes];
        Start = _memory.Start;
        LengthBytes = lengthBytes;
    }

    public override string Name => "[loses power]";

    public override MediumKind Kind => MediumKind.PmemEmulated;

    public override bool HasCheapFences => true;

    public override string? MapRangeRefusal => null;

    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access) =>
        _memory.MapRange(address, offsetBytes, lengthBytes, access);

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        _memory.Write(offsetBytes, source);
        MarkStored(offsetBytes, source.Length);
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        _memory.WriteZeros(offsetBytes, lengthBytes);
        MarkStored(offsetBytes, lengthBytes);
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
        byte[] bytes = _memory.Span(offsetBytes, (int)lengthBytes).ToArray();
        lock (_marked)
        {
            _marked.Add((offsetBytes, bytes));
        }
    }

    public override void Fence()
    {
        lock (_marked)
        {
            foreach ((long offset, byte[] bytes) in _marked)
            {
                bytes.CopyTo(_survivor.AsSpan((int)offset));
            }

            _marked.Clear();
        }
    }

    public long SurvivingWord(long page)
    {
        lock (_marked)
        {
            return BitConverter.ToInt64(_survivor, (int)(page << 12));
        }
    }

    public override void Dispose() => _memory.Dispose();
}

using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests.Views;

/// <summary>Shared memory that refuses private mappings, as a device-DAX device does, and may be mapped in as large units.</summary>
internal sealed unsafe class DeviceLikeMedium : Medium
{
    private readonly MemoryMedium _memory;
    private int _callsToRefusal;
    private Errno _refusal;

    public DeviceLikeMedium(long lengthBytes, int unitBytes = 4096)
    {
        MapUnitBytes = unitBytes;
        _memory = MemoryMedium.CreateShared(lengthBytes);
        Start = _memory.Start;
        LengthBytes = lengthBytes;
    }

    public override string Name => "[device-like]";

    public override MediumKind Kind => MediumKind.Pmem;

    public override bool HasCheapFences => true;

    public override int MapUnitBytes { get; }

    public override string? MapRangeRefusal => null;

    /// <summary>Makes one mapping fail: counted from the next one, which is 1.</summary>
    public void RefuseMapping(int number, Errno refusal)
    {
        _callsToRefusal = number;
        _refusal = refusal;
    }

    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access)
    {
        if (_callsToRefusal > 0 && --_callsToRefusal == 0)
        {
            return _refusal;
        }

        return access == RangeAccess.Private ? Errno.EINVAL : _memory.MapRange(address, offsetBytes, lengthBytes, access);
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source) => _memory.Write(offsetBytes, source);

    public override void WriteZeros(long offsetBytes, long lengthBytes) => _memory.WriteZeros(offsetBytes, lengthBytes);

    public override void MarkStored(long offsetBytes, long lengthBytes) => _memory.MarkStored(offsetBytes, lengthBytes);

    public override void Fence() => _memory.Fence();

    public override void Dispose() => _memory.Dispose();
}

using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests.Fakes;

/// <summary>A file on volatile memory, for tests in which many threads take part.</summary>
internal sealed class MappedFile : IDisposable
{
    public MappedFile(AddressSpaceOptions? options = null, long sizeBytes = 8 << 20, bool isReadOnly = false)
    {
        Medium = new MemoryMedium(32 << 20);
        Volume = new FakeVolume(Medium);
        File = new FakeFile(Volume, sizeBytes, options) { IsReadOnly = isReadOnly };
    }

    public MemoryMedium Medium { get; }

    public FakeVolume Volume { get; }

    public FakeFile File { get; }

    public AddressSpace Space => File.Space;

    public void Store(long offsetBytes, byte value)
    {
        Assert.Equal(Errno.Success, Space.Pin(offsetBytes, 1, PinAccess.Write, out Pin pin));
        pin.WritableSpan[0] = value;
        pin.Dispose();
    }

    public byte Load(long offsetBytes)
    {
        Assert.Equal(Errno.Success, Space.Pin(offsetBytes, 1, PinAccess.Read, out Pin pin));
        byte value = pin.Span[0];
        pin.Dispose();
        return value;
    }

    public void Dispose() => Medium.Dispose();
}

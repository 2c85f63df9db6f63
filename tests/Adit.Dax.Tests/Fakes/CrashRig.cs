using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Interop;
using Adit.TestKit.Simulation;

namespace Adit.Dax.Tests.Fakes;

/// <summary>A file on a simulated medium full of old bytes, and what would be left of it if power failed now.</summary>
internal sealed class CrashRig : IDisposable
{
    /// <summary>What lies on the medium from before.</summary>
    public const byte OldByte = 0xEE;

    private readonly CrashState _state = new();
    private readonly SimulatedMedium _image;

    public CrashRig(DaxBrokenVariant broken = DaxBrokenVariant.None, long sizeBytes = 8 << 20, bool commitsAreDurable = true, Action<DaxPoint>? onPoint = null)
    {
        Medium = new SimulatedMedium(8 << 20, DurabilityModel.CacheLine, seed: 1) { EvictionsPerThousand = 0 };
        byte[] old = new byte[1 << 20];
        old.AsSpan().Fill(OldByte);
        for (long at = 0; at < Medium.LengthBytes; at += old.Length)
        {
            Medium.Write(at, old);
        }

        Medium.Fence();
        Volume = new FakeVolume(Medium);
        AddressSpaceOptions options = new() { Broken = broken, OnPoint = onPoint, LeaseTime = TimeSpan.FromMilliseconds(50) };
        File = new FakeFile(Volume, sizeBytes, options) { CommitsAreDurable = commitsAreDurable };
        _image = Medium.MakeImageMedium(seed: 2);
    }

    public SimulatedMedium Medium { get; }

    public FakeVolume Volume { get; }

    public FakeFile File { get; }

    public AddressSpace Space => File.Space;

    /// <summary>The bytes of a page if power failed now and nothing survived that is not certain to.</summary>
    public byte[] Survivor(long page, FakeFile? file = null)
    {
        Medium.Capture(_state);
        Medium.MakeImage(_state, new ImageChoice(ImageMode.AllOld), _image, mayCrash: false, seed: 3);
        return (file ?? File).ReadSurvivor(_image, page);
    }

    /// <summary>Stores through a pin.</summary>
    public void Store(long offsetBytes, byte value, int lengthBytes = 8)
    {
        Assert.Equal(Errno.Success, Space.Pin(offsetBytes, lengthBytes, PinAccess.Write, out Pin pin));
        pin.WritableSpan.Fill(value);
        pin.Dispose();
    }

    public byte Load(long offsetBytes)
    {
        Assert.Equal(Errno.Success, Space.Pin(offsetBytes, 1, PinAccess.Read, out Pin pin));
        byte value = pin.Span[0];
        pin.Dispose();
        return value;
    }

    public void WriteBack() => Assert.Equal(Errno.Success, Space.Writeback(PageRange.All));

    public void Dispose()
    {
        _image.Dispose();
        Medium.Dispose();
    }
}

using Adit.Interop;
using Adit.Interop.Linux;
using Adit.TestKit;

namespace Adit.Media.Tests;

/// <summary>A device-DAX device cannot be mapped privately; a file that is treated as one stands in for it here. The real one is in the
/// guest's checks.</summary>
public sealed class ReadOnlyMediumTests
{
    private const int Unit = 2 << 20;

    [Fact]
    public void Stores_to_a_reserved_range_of_a_device_stay_with_this_medium()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        string path = Path.Combine(directory.Path, "device");
        byte[] content = new byte[3 * Unit];
        new Random(5).NextBytes(content);
        File.WriteAllBytes(path, content);
        using (ReadOnlyMedium medium = Open(path))
        {
            Assert.Equal(Unit, medium.MapUnitBytes);
            Assert.Equal(Errno.Success, medium.Reserve(Unit - 1, 2));
            Assert.Equal(Errno.Success, medium.Reserve(Unit, 4096));
            Assert.True(medium.Span(0, content.Length).SequenceEqual(content));

            medium.Write(Unit - 8, new byte[16]);
            medium.WriteZeros(Unit + 4096, 4096);
            medium.Write(2 * Unit, [1, 2, 3]);

            Assert.Equal(-1, medium.Span(Unit - 8, 16).IndexOfAnyExcept((byte)0));
            Assert.Equal(-1, medium.Span(Unit + 4096, 4096).IndexOfAnyExcept((byte)0));
            Assert.True(medium.Span(2 * Unit, 3).SequenceEqual((ReadOnlySpan<byte>)[1, 2, 3]));
            Assert.True(medium.Span((2 * Unit) + 3, Unit - 3).SequenceEqual(content.AsSpan((2 * Unit) + 3)));
        }

        Assert.Equal(content, File.ReadAllBytes(path));
    }

    [Fact]
    public void Range_of_a_device_that_nobody_reserved_shows_what_the_device_holds_now()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        string path = Path.Combine(directory.Path, "device");
        File.WriteAllBytes(path, new byte[2 * Unit]);
        using ReadOnlyMedium medium = Open(path);
        Assert.Equal(Errno.Success, medium.Reserve(0, 1));
        using (FileStream stream = File.OpenWrite(path))
        {
            stream.WriteByte(1);
            stream.Position = Unit;
            stream.WriteByte(1);
        }

        Assert.Equal(0, medium.Span(0, 1)[0]);
        Assert.Equal(1, medium.Span(Unit, 1)[0]);
    }

    private static ReadOnlyMedium Open(string path)
    {
        using MediumFile file = MediumFile.Open(path, readOnly: true);
        long lengthBytes = file.LengthBytes;
        ReadOnlyMedium medium = new(file.Descriptor, path, lengthBytes, MediumKind.Pmem, Unit);
        file.HandOver();
        return medium;
    }
}

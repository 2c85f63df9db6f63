using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Adit.Cli.Maps;

namespace Adit.Cli.Tests;

public sealed class PngWriterTests
{
    [Fact]
    public void Picture_written_is_read_back_pixel_by_pixel()
    {
        var canvas = new Canvas(37, 11, Rgb.Of(0x102030));
        canvas.Fill(5, 2, 9, 3, Rgb.Of(0xFF0080));
        canvas.Text(1, 1, "Ag", Rgb.Of(0x00FF00), 1);
        using var stream = new MemoryStream();
        PngWriter.Write(canvas, stream);

        Assert.Equal(canvas.Pixels, Decode(stream.ToArray(), 37, 11));
    }

    [Fact]
    public void Checksum_is_that_of_the_standard() =>
        Assert.Equal(0xAE426082u, PngChecksum.Of("IEND"u8, []));

    [Fact]
    public void Drawing_outside_has_no_effect()
    {
        var canvas = new Canvas(4, 4, Rgb.Of(0));
        canvas.Fill(-10, -10, 5, 5, Rgb.Of(0xFFFFFF));
        canvas.Fill(4, 0, 100, 100, Rgb.Of(0xFFFFFF));

        Assert.DoesNotContain((byte)0xFF, canvas.Pixels);
    }

    /// <summary>Reads a PNG of the kind that is written here, checking every checksum.</summary>
    private static byte[] Decode(byte[] png, int width, int height)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        using var compressed = new MemoryStream();
        for (var offset = 8; offset < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(offset));
            var type = png.AsSpan(offset + 4, 4);
            var content = png.AsSpan(offset + 8, length);
            Assert.Equal(PngChecksum.Of(type, content), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(offset + 8 + length)));
            if (Encoding.ASCII.GetString(type) == "IHDR")
            {
                Assert.Equal(width, BinaryPrimitives.ReadInt32BigEndian(content));
                Assert.Equal(height, BinaryPrimitives.ReadInt32BigEndian(content[4..]));
            }
            else if (Encoding.ASCII.GetString(type) == "IDAT")
            {
                compressed.Write(content);
            }

            offset += 12 + length;
        }

        compressed.Position = 0;
        using var zlib = new ZLibStream(compressed, CompressionMode.Decompress);
        using var raw = new MemoryStream();
        zlib.CopyTo(raw);
        return Unfilter(raw.ToArray(), width * 3, height);
    }

    private static byte[] Unfilter(byte[] raw, int rowBytes, int height)
    {
        Assert.Equal((rowBytes + 1) * height, raw.Length);
        var pixels = new byte[rowBytes * height];
        for (var row = 0; row < height; row++)
        {
            var filter = raw[row * (rowBytes + 1)];
            Assert.True(filter is 0 or 2, $"filter {filter}");
            for (var index = 0; index < rowBytes; index++)
            {
                var above = filter == 2 ? pixels[((row - 1) * rowBytes) + index] : 0;
                pixels[(row * rowBytes) + index] = (byte)(raw[(row * (rowBytes + 1)) + 1 + index] + above);
            }
        }

        return pixels;
    }
}

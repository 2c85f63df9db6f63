using System.Buffers.Binary;
using System.IO.Compression;

namespace Adit.Cli.Maps;

/// <summary>Writes a picture as PNG: eight bits a channel, no transparency, one compressed stream.</summary>
internal static class PngWriter
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static void Write(Canvas canvas, Stream stream)
    {
        stream.Write(Signature);

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, canvas.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), canvas.Height);
        header[8] = 8;
        header[9] = 2;
        WriteChunk(stream, "IHDR"u8, header);
        WriteChunk(stream, "IDAT"u8, Compress(canvas));
        WriteChunk(stream, "IEND"u8, []);
    }

    /// <summary>Rows, each behind the number of its filter (2: the difference to the row above, which repeats a lot).</summary>
    private static byte[] Compress(Canvas canvas)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var rowBytes = canvas.Width * 3;
            var line = new byte[1 + rowBytes];
            for (var row = 0; row < canvas.Height; row++)
            {
                var current = canvas.Pixels.AsSpan(row * rowBytes, rowBytes);
                line[0] = (byte)(row == 0 ? 0 : 2);
                for (var index = 0; index < rowBytes; index++)
                {
                    line[1 + index] = (byte)(current[index] - (row == 0 ? 0 : canvas.Pixels[((row - 1) * rowBytes) + index]));
                }

                zlib.Write(line);
            }
        }

        return compressed.ToArray();
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, PngChecksum.Of(type, content));
        stream.Write(number);
    }
}

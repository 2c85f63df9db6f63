using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Adit.Cli.Owners;

/// <summary>Messages over a stream of bytes: a length of 4 bytes, little-endian, then that many bytes of JSON. A length above the
/// reader's limit, a short message and bad JSON are an <see cref="InvalidDataException"/>; the stream cannot be used after it.
/// For one thread.</summary>
internal sealed class MessageStream(Stream stream)
{
    /// <summary>Longest request: a path of the longest kind, escaped, with room.</summary>
    public const int MaxRequestBytes = 64 << 10;

    /// <summary>Longest reply: the map of a volume of 16 TiB.</summary>
    public const int MaxReplyBytes = 96 << 20;

    public void Write<T>(T message, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        stream.Write(frame);
        stream.Flush();
    }

    /// <summary>Reads the next message, or null at the end of the stream.</summary>
    public T? Read<T>(JsonTypeInfo<T> type, int maxBytes)
        where T : class
    {
        var header = new byte[4];
        var headerLength = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (headerLength == 0)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (headerLength < header.Length || length <= 0 || length > maxBytes)
        {
            throw new InvalidDataException($"A message of {length} bytes; 1 to {maxBytes} are allowed.");
        }

        // Grows as bytes arrive: a length alone takes no memory.
        using var body = new MemoryStream();
        var buffer = new byte[Math.Min(length, 1 << 16)];
        while (body.Length < length)
        {
            var count = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, length - body.Length));
            if (count == 0)
            {
                throw new InvalidDataException($"A message ended after {body.Length} of {length} bytes.");
            }

            body.Write(buffer, 0, count);
        }

        try
        {
            return JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, length), type)
                ?? throw new InvalidDataException("An empty message.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"A message that cannot be read: {exception.Message}", exception);
        }
    }
}

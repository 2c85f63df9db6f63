using System.Buffers.Binary;
using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>A space line as the value of its record: use in the first 8 bytes, then 512 bits, 1 where a block is taken.
/// A chunk without a record is all free data.</summary>
public static class SpaceLineCodec
{
    public const int SizeBytes = 72;

    public static TreeKey KeyOf(long chunk) => new(InodeNumber.Volume, RecordKind.Space, (ulong)chunk);

    /// <summary>A data chunk without room.</summary>
    public static SpaceLine Full
    {
        get
        {
            ChunkBits bits = default;
            for (int word = 0; word < 8; word++)
            {
                bits[word] = ulong.MaxValue;
            }

            return new SpaceLine(ChunkUse.Data, bits);
        }
    }

    public static bool IsAbsent(in SpaceLine line)
    {
        if (line.Use != ChunkUse.Data)
        {
            return false;
        }

        for (int word = 0; word < 8; word++)
        {
            if (line.Bits[word] != 0)
            {
                return false;
            }
        }

        return true;
    }

    public static void Write(in SpaceLine line, Span<byte> value)
    {
        value[..8].Clear();
        value[0] = (byte)line.Use;
        for (int word = 0; word < 8; word++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(value[(8 + (word * 8))..], line.Bits[word]);
        }
    }

    public static SpaceLine Read(ReadOnlySpan<byte> value)
    {
        ChunkBits bits = default;
        for (int word = 0; word < 8; word++)
        {
            bits[word] = BinaryPrimitives.ReadUInt64LittleEndian(value[(8 + (word * 8))..]);
        }

        return new SpaceLine((ChunkUse)value[0], bits);
    }
}

using System.Numerics;
using Adit.Format;

namespace Adit.Metadata.Tests.Format;

public sealed class ChecksumTests
{
    [Fact]
    public void Checksum_is_the_published_one() => Assert.Equal(0xE306_9283u, Checksum.Of("123456789"u8));

    /// <summary>Every length up to some beyond the longest that is taken at once, from every alignment of a word.</summary>
    [Fact]
    public void Pieces_taken_at_once_give_what_single_bytes_give()
    {
        byte[] bytes = new byte[5000];
        new Random(20).NextBytes(bytes);
        for (int length = 0; length < 1700; length++)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(length & 7, length);
            Assert.Equal(ByteByByte(piece, 7), Checksum.Of(piece, 7));
        }

        for (int length = 4000; length < 4100; length++)
        {
            Assert.Equal(ByteByByte(bytes.AsSpan(3, length), 0), Checksum.Of(bytes.AsSpan(3, length)));
        }
    }

    [Fact]
    public void Field_that_is_left_out_counts_as_zero()
    {
        byte[] bytes = new byte[640];
        new Random(21).NextBytes(bytes);
        byte[] zeroed = [.. bytes];
        zeroed.AsSpan(20, 4).Clear();
        Assert.Equal(Checksum.Of(zeroed, 3), Checksum.OfExceptField(bytes, 20, 3));
    }

    private static uint ByteByByte(ReadOnlySpan<byte> bytes, uint seed)
    {
        uint crc = ~seed;
        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}

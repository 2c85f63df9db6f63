using System.Numerics;
using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>CRC-32C (Castagnoli), as everything on the medium that proves itself carries it.</summary>
public static class Checksum
{
    /// <summary>The checksum of <paramref name="bytes"/>, continuing from <paramref name="seed"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0) => ~Extend(~seed, bytes);

    /// <summary>The checksum of a structure whose own checksum field counts as zero.</summary>
    /// <param name="bytes">The structure.</param>
    /// <param name="fieldOffset">Where its 4-byte checksum lies; a multiple of 4.</param>
    /// <param name="seed">Where to continue from.</param>
    public static uint OfExceptField(ReadOnlySpan<byte> bytes, int fieldOffset, uint seed = 0)
    {
        uint crc = Extend(~seed, bytes[..fieldOffset]);
        crc = BitOperations.Crc32C(crc, 0u);
        return ~Extend(crc, bytes[(fieldOffset + sizeof(uint))..]);
    }

    private static uint Extend(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        bytes = bytes[(words.Length * sizeof(ulong))..];
        if (ChecksumLanes.IsSupported)
        {
            while (words.Length >= ChecksumLanes.MinWords)
            {
                int count = Math.Min(words.Length, ChecksumLanes.MaxWords);
                crc = ChecksumLanes.Extend(crc, words[..count]);
                words = words[count..];
            }
        }

        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        if (bytes.Length >= sizeof(uint))
        {
            crc = BitOperations.Crc32C(crc, MemoryMarshal.Read<uint>(bytes));
            bytes = bytes[sizeof(uint)..];
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>Runs of bits in the map of a chunk. Clear bits are free blocks.</summary>
internal static class BlockBits
{
    /// <summary>How many clear bits follow from <paramref name="index"/> on, at most <paramref name="limit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClearRunAt(in ChunkBits bits, int index, int limit)
    {
        var word = bits[index >> 6] >> (index & 63);
        if ((word & 1) != 0)
        {
            return 0;
        }

        return limit == 1 ? 1 : Math.Min(limit, NextSet(bits, index) - index);
    }

    /// <summary>The first set bit at or above <paramref name="index"/>, or 512.</summary>
    public static int NextSet(in ChunkBits bits, int index)
    {
        if (index >= Geometry.BlocksPerChunk)
        {
            return Geometry.BlocksPerChunk;
        }

        var wordIndex = index >> 6;
        var word = bits[wordIndex] & (ulong.MaxValue << (index & 63));
        while (word == 0)
        {
            if (++wordIndex == ChunkBits.WordCount)
            {
                return Geometry.BlocksPerChunk;
            }

            word = bits[wordIndex];
        }

        return (wordIndex << 6) + BitOperations.TrailingZeroCount(word);
    }

    /// <summary>The first clear bit at or above <paramref name="index"/>, or 512.</summary>
    public static int NextClear(in ChunkBits bits, int index)
    {
        if (index >= Geometry.BlocksPerChunk)
        {
            return Geometry.BlocksPerChunk;
        }

        var wordIndex = index >> 6;
        var word = ~bits[wordIndex] & (ulong.MaxValue << (index & 63));
        while (word == 0)
        {
            if (++wordIndex == ChunkBits.WordCount)
            {
                return Geometry.BlocksPerChunk;
            }

            word = ~bits[wordIndex];
        }

        return (wordIndex << 6) + BitOperations.TrailingZeroCount(word);
    }

    /// <summary>The longest run of clear bits; the first of equals.</summary>
    public static (int Start, int Length) LongestClearRun(in ChunkBits bits)
    {
        var bestStart = 0;
        var bestLength = 0;
        for (var start = NextClear(bits, 0); start < Geometry.BlocksPerChunk;)
        {
            var end = NextSet(bits, start);
            if (end - start > bestLength)
            {
                bestStart = start;
                bestLength = end - start;
            }

            start = NextClear(bits, end);
        }

        return (bestStart, bestLength);
    }

    /// <summary>The shortest run of at least <paramref name="wanted"/> clear bits; length 0 when there is none.</summary>
    public static (int Start, int Length) BestClearRun(in ChunkBits bits, int wanted)
    {
        var bestStart = 0;
        var bestLength = int.MaxValue;
        for (var start = NextClear(bits, 0); start < Geometry.BlocksPerChunk;)
        {
            var end = NextSet(bits, start);
            if (end - start >= wanted && end - start < bestLength)
            {
                bestStart = start;
                bestLength = end - start;
            }

            start = NextClear(bits, end);
        }

        return bestLength == int.MaxValue ? (0, 0) : (bestStart, bestLength);
    }

    /// <summary>Set bits among those of a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountSet(in ChunkBits bits, int index, int count)
    {
        var total = 0;
        while (count > 0)
        {
            var mask = Mask(index, count, out var here);
            total += BitOperations.PopCount(bits[index >> 6] & mask);
            index += here;
            count -= here;
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(ref ChunkBits bits, int index, int count)
    {
        while (count > 0)
        {
            var mask = Mask(index, count, out var here);
            bits[index >> 6] |= mask;
            index += here;
            count -= here;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear(ref ChunkBits bits, int index, int count)
    {
        while (count > 0)
        {
            var mask = Mask(index, count, out var here);
            bits[index >> 6] &= ~mask;
            index += here;
            count -= here;
        }
    }

    /// <summary>The part of the range that lies in the word of <paramref name="index"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mask(int index, int count, out int here)
    {
        var shift = index & 63;
        here = Math.Min(count, 64 - shift);
        return (ulong.MaxValue >> (64 - here)) << shift;
    }
}

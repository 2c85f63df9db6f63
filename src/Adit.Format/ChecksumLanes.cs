using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Adit.Format;

/// <summary>CRC-32C of three pieces at once: the processor's instruction takes three cycles and can begin in each of them.</summary>
/// <remarks>A checksum is linear: the one of a piece, moved past the bytes that follow, adds to theirs. Moving by n bytes multiplies by
/// x^8n modulo the polynomial; in the reflected order of bits the carry-less product with x^(8n-33) and one more step of the
/// instruction do it. Gopal and others, "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel 2011.</remarks>
internal static class ChecksumLanes
{
    /// <summary>Fewer words are done sooner one behind the other.</summary>
    public const int MinWords = 12;

    public const int MaxWords = 3 * MaxLaneWords;

    private const int MaxLaneWords = 64;

    private const uint Polynomial = 0x82F6_3B78;

    /// <summary>By how many words a checksum moves: the factor.</summary>
    private static readonly uint[] Moves = MakeMoves();

    public static bool IsSupported => Sse42.X64.IsSupported && Pclmulqdq.IsSupported;

    /// <param name="crc">The state before, not inverted.</param>
    /// <param name="words">From <see cref="MinWords"/> to <see cref="MaxWords"/>.</param>
    public static uint Extend(uint crc, ReadOnlySpan<ulong> words)
    {
        int lane = words.Length / 3;
        ref ulong word = ref MemoryMarshal.GetReference(words);
        ref ulong second = ref Unsafe.Add(ref word, lane);
        ref ulong third = ref Unsafe.Add(ref second, lane);
        ulong first = crc;
        ulong middle = 0;
        ulong last = 0;
        for (int i = 0; i < lane; i++)
        {
            first = Sse42.X64.Crc32(first, Unsafe.Add(ref word, i));
            middle = Sse42.X64.Crc32(middle, Unsafe.Add(ref second, i));
            last = Sse42.X64.Crc32(last, Unsafe.Add(ref third, i));
        }

        last ^= Sse42.X64.Crc32(0, Product(first, Moves[2 * lane]) ^ Product(middle, Moves[lane]));
        for (int i = 3 * lane; i < words.Length; i++)
        {
            last = Sse42.X64.Crc32(last, Unsafe.Add(ref word, i));
        }

        return (uint)last;
    }

    private static ulong Product(ulong crc, uint factor) =>
        Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(crc), Vector128.CreateScalar((ulong)factor), 0).ToScalar();

    private static uint[] MakeMoves()
    {
        uint[] moves = new uint[(2 * MaxLaneWords) + 1];
        uint power = 0x8000_0000;
        int exponent = 0;
        for (int wordCount = 1; wordCount < moves.Length; wordCount++)
        {
            for (; exponent < (wordCount * 64) - 33; exponent++)
            {
                power = (power >> 1) ^ ((power & 1) * Polynomial);
            }

            moves[wordCount] = power;
        }

        return moves;
    }
}

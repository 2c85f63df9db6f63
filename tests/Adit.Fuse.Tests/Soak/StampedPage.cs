using System.Runtime.InteropServices;

namespace Adit.Fuse.Tests.Soak;

/// <summary>Pages that say in every word to which file and page they belong, and which version of it they are; or zeros.</summary>
internal static class StampedPage
{
    public const int Bytes = 4096;

    public static long Word(int file, int page, uint version) => version == 0 ? 0 : (long)(((ulong)file << 56) | ((ulong)page << 32) | version);

    public static void Fill(Span<byte> page, long word) => MemoryMarshal.Cast<byte, long>(page).Fill(word);

    /// <summary>Every word is a zero or a version of this page: what may be seen while others store.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> page, int file, int number)
    {
        long owner = Word(file, number, 1) >> 32;
        foreach (long word in MemoryMarshal.Cast<byte, long>(page))
        {
            if (word != 0 && word >> 32 != owner)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Every word is exactly this: what must be seen when nobody stores.</summary>
    public static bool Is(ReadOnlySpan<byte> page, long word) => MemoryMarshal.Cast<byte, long>(page).IndexOfAnyExcept(word) < 0;
}

using System.Runtime.InteropServices;

namespace Adit.TestKit.Model;

/// <summary>Bytes that say where they come from: each seed fills with its own words, none of them zero, so that a stale
/// or foreign word is recognised.</summary>
public static class Pattern
{
    public static void Fill(Span<byte> destination, ulong seed)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Word(seed, i);
        }

        int done = words.Length * 8;
        if (done < destination.Length)
        {
            ulong last = Word(seed, words.Length);
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in last))[..(destination.Length - done)].CopyTo(destination[done..]);
        }
    }

    public static byte[] Make(int lengthBytes, ulong seed)
    {
        byte[] bytes = new byte[lengthBytes];
        Fill(bytes, seed);
        return bytes;
    }

    /// <summary>The finisher of SplitMix64 over seed and position, with every byte made non-zero.</summary>
    public static ulong Word(ulong seed, long index)
    {
        ulong z = (seed * 0x9E3779B97F4A7C15) + ((ulong)index * 0xD1B54A32D192ED03) + 0x2545F4914F6CDD1D;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (z ^ (z >> 31)) | 0x0101010101010101;
    }
}

using System.Runtime.InteropServices;

namespace Adit.TestKit.Model;

/// <summary>Bytes that say where they come from: each seed fills with its own words, all of them odd and so none zero, so
/// that a stale or foreign word is recognised.</summary>
public static class Pattern
{
    private const ulong Step = 0xD1B54A32D192ED02;

    public static void Fill(Span<byte> destination, ulong seed)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination);
        ulong word = Mix(seed) | 1;
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = word;
            word += Step;
        }

        int done = words.Length * sizeof(ulong);
        if (done < destination.Length)
        {
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in word))[..(destination.Length - done)].CopyTo(destination[done..]);
        }
    }

    /// <summary>Whether bytes are the pattern of a seed; whole words only.</summary>
    public static bool Matches(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong word = Mix(seed) | 1;
        ulong differences = 0;
        foreach (ulong found in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            differences |= found ^ word;
            word += Step;
        }

        return differences == 0;
    }

    public static byte[] Make(int lengthBytes, ulong seed)
    {
        byte[] bytes = new byte[lengthBytes];
        Fill(bytes, seed);
        return bytes;
    }

    /// <summary>The finisher of SplitMix64.</summary>
    public static ulong Mix(ulong value)
    {
        ulong z = value + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

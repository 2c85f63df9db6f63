using System.Runtime.CompilerServices;

namespace Adit.Metadata.Space;

/// <summary>One bit for each block of a chunk, bit 0 of word 0 for its first block. A set bit is a taken block.</summary>
[InlineArray(WordCount)]
public struct ChunkBits : IEquatable<ChunkBits>
{
    public const int WordCount = 8;

    private ulong _word0;

    /// <summary>Every block taken.</summary>
    public static ChunkBits All
    {
        get
        {
            ChunkBits bits = default;
            ((Span<ulong>)bits).Fill(ulong.MaxValue);
            return bits;
        }
    }

    public readonly bool Equals(ChunkBits other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is ChunkBits other && Equals(other);

    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var word in this)
        {
            hash.Add(word);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(ChunkBits left, ChunkBits right) => left.Equals(right);

    public static bool operator !=(ChunkBits left, ChunkBits right) => !left.Equals(right);
}

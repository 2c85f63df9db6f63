using System.Numerics;

namespace Adit.Metadata.Space;

/// <summary>A set of chunk numbers as a bitmap with summary bitmaps above it, each 64 times smaller: the next member from
/// anywhere is found in as many steps as there are levels, and an empty set of any range costs no memory pages.</summary>
internal sealed class ChunkSet : IDisposable
{
    private readonly NativeTable<ulong> _words;
    private readonly long[] _levelStart;

    public ChunkSet(long chunkCount)
    {
        var starts = new List<long>();
        long total = 0;
        for (var words = chunkCount; ;)
        {
            words = (words + 63) >> 6;
            starts.Add(total);
            total += words;
            if (words <= 1)
            {
                break;
            }
        }

        _levelStart = [.. starts];
        _words = new NativeTable<ulong>(total);
    }

    public long Count { get; private set; }

    /// <summary>Adds a chunk that is not in the set.</summary>
    public void Add(long chunk)
    {
        Count++;
        foreach (var start in _levelStart)
        {
            ref var word = ref _words[start + (chunk >> 6)];
            var before = word;
            word |= 1UL << (int)(chunk & 63);
            if (before != 0)
            {
                return;
            }

            chunk >>= 6;
        }
    }

    /// <summary>Removes a chunk that is in the set.</summary>
    public void Remove(long chunk)
    {
        Count--;
        foreach (var start in _levelStart)
        {
            ref var word = ref _words[start + (chunk >> 6)];
            word &= ~(1UL << (int)(chunk & 63));
            if (word != 0)
            {
                return;
            }

            chunk >>= 6;
        }
    }

    public bool Contains(long chunk) => (_words[chunk >> 6] & (1UL << (int)(chunk & 63))) != 0;

    /// <summary>The lowest member at or above a chunk, or -1.</summary>
    public long NextAtOrAbove(long chunk)
    {
        var level = 0;
        var position = chunk;
        for (; ; )
        {
            var wordIndex = position >> 6;
            if (_levelStart[level] + wordIndex >= LevelEnd(level))
            {
                return -1;
            }

            var word = _words[_levelStart[level] + wordIndex] & (ulong.MaxValue << (int)(position & 63));
            if (word != 0)
            {
                position = (wordIndex << 6) + BitOperations.TrailingZeroCount(word);
                break;
            }

            if (++level == _levelStart.Length)
            {
                return -1;
            }

            position = wordIndex + 1;
        }

        while (level > 0)
        {
            level--;
            position = (position << 6) + BitOperations.TrailingZeroCount(_words[_levelStart[level] + position]);
        }

        return position;
    }

    public void Dispose() => _words.Dispose();

    private long LevelEnd(int level) => level + 1 < _levelStart.Length ? _levelStart[level + 1] : _words.Length;
}

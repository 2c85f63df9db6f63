using System.Collections.Concurrent;
using Adit.Format;
using Adit.Metadata.Space;

namespace Adit.Metadata.Tests.Space;

/// <summary>The lines of a volume, in a dictionary instead of a tree.</summary>
internal sealed class StoredLines : ISpaceLines
{
    private readonly ConcurrentDictionary<long, SpaceLine> _lines = new();
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>The chunk whose line cannot be read, or -1.</summary>
    public long Damaged { get; set; } = -1;

    public SpaceLine this[long chunk]
    {
        get => _lines.GetValueOrDefault(chunk);
        set => _lines[chunk] = value;
    }

    public bool TryReadLine(long chunk, out SpaceLine line)
    {
        Interlocked.Increment(ref _reads);
        return chunk == Damaged ? throw new IOException($"line {chunk}") : _lines.TryGetValue(chunk, out line);
    }

    /// <summary>Stores what changed, as a checkpoint does.</summary>
    public int Fold(SpaceAllocator space)
    {
        var batch = new ChangedLine[16];
        var total = 0;
        for (int count; (count = space.CollectDirty(batch)) > 0; total += count)
        {
            foreach (var changed in batch.AsSpan(0, count))
            {
                _lines[changed.Chunk] = changed.Line;
            }
        }

        space.ReleaseCollected();
        return total;
    }

    public long FreeBlocks(long firstChunk, long chunkCount)
    {
        long free = 0;
        for (var chunk = firstChunk; chunk < chunkCount; chunk++)
        {
            var line = this[chunk];
            foreach (var word in line.Bits)
            {
                free += line.Use == ChunkUse.Data ? 64 - System.Numerics.BitOperations.PopCount(word) : 0;
            }
        }

        return free;
    }

    /// <summary>A line with some blocks taken.</summary>
    public static SpaceLine Taken(params (int Index, int Count)[] runs)
    {
        ChunkBits bits = default;
        foreach (var (index, count) in runs)
        {
            for (var bit = index; bit < index + count; bit++)
            {
                bits[bit >> 6] |= 1UL << (bit & 63);
            }
        }

        return new SpaceLine(ChunkUse.Data, bits);
    }

    public static BlockExtent Blocks(long chunk, int index, long count) => new(BlockAddress.OfChunk(chunk, index), count);
}

using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>Making whole chunks out of nearly empty ones, with the help of a caller that can move files' blocks.</summary>
/// <remarks>No way of giving out blocks keeps chunks whole when small files fill much of a volume and later leave: what is
/// left of them lies everywhere. Then the emptiest chunks are emptied: their last blocks are moved into the holes of the
/// fullest.</remarks>
public sealed partial class SpaceAllocator
{
    /// <summary>Chunks with fewer free blocks are not worth emptying: more would be moved than gained.</summary>
    private const int LeastFreeToEmpty = 96;

    /// <summary>Chunks looked at for the emptiest one, of each fullness.</summary>
    private const int EmptyingCandidates = 8;

    /// <summary>Chunks that were tried lately and could not be emptied: others first.</summary>
    private readonly long[] _stubborn = new long[8];
    private int _nextStubborn;

    /// <summary>Whole chunks are getting few while broken ones have room for what the emptiest hold: time to empty some.</summary>
    public bool IsEmptyingDue
    {
        get
        {
            using (_lock.Enter())
            {
                RefreshStaleLocked();
                return IsEmptyingDueLocked();
            }
        }
    }

    /// <summary>Chooses the chunk that costs least to empty and holds its free blocks, so that nothing lands there.</summary>
    /// <remarks>The caller moves every block of <paramref name="live"/> (reserve elsewhere as a small need, copy, record, free),
    /// as far as it can, and then calls <see cref="EndEmptying"/>. The chunk is whole once what it freed is released.
    /// Chunks with reserved or pending blocks, and so those of files that grow, are left alone.</remarks>
    /// <returns>False when it is not due, or no chunk is worth it.</returns>
    public bool TryBeginEmptying(out long chunk, out ChunkBits live)
    {
        for (; ; )
        {
            long missing;
            using (_lock.Enter())
            {
                RefreshStaleLocked();
                if (!IsEmptyingDueLocked() || !TryFindEmptiestLocked(out chunk, out missing))
                {
                    chunk = -1;
                    live = default;
                    return false;
                }

                if (missing < 0)
                {
                    var slot = SlotLocked(chunk);
                    live = _lines[slot].Live;
                    HoldLocked(ref _lines[slot], slot, 0, Geometry.BlocksPerChunk);
                    return true;
                }
            }

            Load(missing);
        }
    }

    /// <summary>Lets go of the free blocks that <see cref="TryBeginEmptying"/> held.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="live">What it was given.</param>
    public void EndEmptying(long chunk, in ChunkBits live)
    {
        using (_lock.Enter())
        {
            // The chunk is in memory: blocks of it are held.
            if (_lines[_lines.SlotOf(chunk)].Live != default)
            {
                _stubborn[_nextStubborn++ & (_stubborn.Length - 1)] = chunk;
            }
        }

        for (var index = BlockBits.NextClear(in live, 0); index < Geometry.BlocksPerChunk;)
        {
            var end = BlockBits.NextSet(in live, index);
            Return(new BlockExtent(BlockAddress.OfChunk(chunk, index), end - index));
            index = BlockBits.NextClear(in live, end);
        }
    }

    private bool IsEmptyingDueLocked()
    {
        var usable = _scanCursor - _firstUsableChunk;
        return WholeChunksLocked << 4 < usable && _brokenFreeBlocks >= 4 * Geometry.BlocksPerChunk;
    }

    private bool TryFindEmptiestLocked(out long chunk, out long missing)
    {
        chunk = -1;
        missing = -1;
        var best = LeastFreeToEmpty - 1;
        for (var fullness = ChunkClass.FullnessCount - 1; fullness >= 0 && chunk < 0; fullness--)
        {
            var classes = ChunkClass.OfFullness(fullness) & _inhabited;
            var tries = 0;
            while (classes != 0 && tries < EmptyingCandidates)
            {
                var set = _sets[System.Numerics.BitOperations.TrailingZeroCount(classes)]!;
                for (var candidate = set.NextAtOrAbove(0); candidate >= 0 && tries < EmptyingCandidates; tries++)
                {
                    var slot = SlotLocked(candidate);
                    if (slot < 0)
                    {
                        chunk = candidate;
                        missing = candidate;
                        return true;
                    }

                    ref var line = ref _lines[slot];
                    if (line.FreeCount > best && line.Busy == line.Live && !_stubborn.Contains(candidate))
                    {
                        best = line.FreeCount;
                        chunk = candidate;
                    }

                    candidate = set.NextAtOrAbove(candidate + 1);
                }

                classes &= classes - 1;
            }
        }

        return chunk >= 0;
    }
}

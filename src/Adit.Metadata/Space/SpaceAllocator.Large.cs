using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>Large needs: whole chunks in phase.</summary>
public sealed partial class SpaceAllocator
{
    /// <summary>How many runs of whole chunks are compared before the longest of them is taken.</summary>
    private const int RunsToCompare = 32;

    private const int HalfChunk = Geometry.BlocksPerChunk / 2;

    private Outcome TryGoalLocked(ref Need need, out BlockExtent extent)
    {
        extent = default;
        var goal = need.Goal;
        var chunk = goal.Chunk;
        if (goal.IsNone || chunk < _firstUsableChunk || chunk >= _chunkCount)
        {
            return Outcome.NotHere;
        }

        var chunkClass = ClassOfLocked(chunk);
        if (chunkClass is ChunkClass.Full or ChunkClass.Nodes or ChunkClass.Fixed or ChunkClass.Damaged)
        {
            return Outcome.NotHere;
        }

        var index = goal.IndexInChunk;
        var isLarge = need.Shape == SpaceShape.Large;
        var slot = SlotLocked(chunk);
        if (slot < 0)
        {
            return need.MissLine(chunk);
        }

        var isWhole = _lines[slot].FreeCount == Geometry.BlocksPerChunk;
        if (isLarge && need.Phase == 0)
        {
            // A file chunk begins here: only a whole chunk keeps it huge-mappable, wherever it lies.
            return isWhole && index == 0 && SpareChunksLocked > 0 ? ReserveWholeLocked(ref need, chunk, out extent) : Outcome.NotHere;
        }

        if (isWhole && !isLarge)
        {
            // The file behind this goal ended with its chunk. Whether a small need may break the next one is for the search.
            return Outcome.NotHere;
        }

        // Out of phase, a large file goes on only to the end of its own chunk and is in phase again behind it.
        var limit = isLarge ? Math.Min(need.Wanted, Geometry.BlocksPerChunk - need.Phase) : need.Wanted;
        var run = BlockBits.ClearRunAt(in _lines[slot].Busy, index, (int)Math.Min(limit, Geometry.BlocksPerChunk - index));
        return run == 0 ? Outcome.NotHere : ReserveInChunkLocked(ref need, chunk, index, run, out extent);
    }

    private Outcome FindLargeLocked(ref Need need, out BlockExtent extent)
    {
        extent = default;
        var whole = _sets[ChunkClass.Whole];
        if (whole is null || SpareChunksLocked == 0)
        {
            if (!need.ScannedAll)
            {
                return need.MissScan(64);
            }

            return FindPieceLocked(ref need, ChunkClass.AllBroken, out extent);
        }

        if (need.NoFreshChunks)
        {
            return FindPieceLocked(ref need, ChunkClass.AllBroken, out extent);
        }

        // The end of a file is not worth one of the last whole chunks.
        if (need.Wanted < HalfChunk && IsWholeScarceLocked())
        {
            return FindSmallLocked(ref need, out extent);
        }

        return ReserveWholeLocked(ref need, FindRunOfWholeLocked(whole, need), out extent);
    }

    /// <summary>Where enough whole chunks lie one behind the other, or as many as there are.</summary>
    private static long FindRunOfWholeLocked(ChunkSet whole, in Need need)
    {
        var wantedChunks = (need.Phase + need.Wanted + Geometry.BlocksPerChunk - 1) >> Geometry.BlocksPerChunkShift;
        long best = -1;
        long bestLength = 0;
        var chunk = whole.NextAtOrAbove(0);
        for (var probes = 0; chunk >= 0 && probes < RunsToCompare; probes++)
        {
            var end = chunk + 1;
            while (end - chunk < wantedChunks && whole.NextAtOrAbove(end) == end)
            {
                end++;
            }

            if (end - chunk > bestLength)
            {
                best = chunk;
                bestLength = end - chunk;
            }

            if (bestLength >= wantedChunks)
            {
                break;
            }

            chunk = whole.NextAtOrAbove(end);
        }

        return best;
    }

    /// <summary>Reserves from the need's phase of a whole chunk on, over as many whole chunks behind it as are wanted.</summary>
    private Outcome ReserveWholeLocked(ref Need need, long first, out BlockExtent extent)
    {
        extent = default;
        var whole = _sets[ChunkClass.Whole]!;
        var length = Math.Min(need.Wanted, Geometry.BlocksPerChunk - need.Phase);
        var end = first + 1;
        while (length < need.Wanted && end < _chunkCount && end - first < SpareChunksLocked && whole.Contains(end))
        {
            var more = Math.Min(need.Wanted - length, Geometry.BlocksPerChunk);
            if (more < HalfChunk)
            {
                // A tail: the caller asks for it as a small need.
                break;
            }

            length += more;
            end++;
        }

        for (var chunk = first; chunk < end; chunk++)
        {
            if (!IsHostedLocked(chunk))
            {
                return need.MissHost(chunk, end - chunk);
            }
        }

        extent = new BlockExtent(BlockAddress.OfChunk(first, need.Phase), length);
        _ = ApplyLocked(extent, Change.Hold);
        return Outcome.Found;
    }
}

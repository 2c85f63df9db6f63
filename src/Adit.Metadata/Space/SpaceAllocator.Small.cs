using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>Small needs: the runs of broken chunks, the fullest chunk first.</summary>
public sealed partial class SpaceAllocator
{
    /// <summary>A file that grows by less than this at a time is given room to grow when it has to go elsewhere.</summary>
    private const int RoomToGrow = 16;

    /// <summary>How many chunks whose longest run may or may not do are looked into, per fullness.</summary>
    private const int CandidatesPerFullness = 2;

    /// <summary>Chunks to look at before another chunk is broken.</summary>
    private const long ScanBeforeBreaking = 64;

    private Outcome FindSmallLocked(ref Need need, out BlockExtent extent)
    {
        var wanted = (int)Math.Min(need.Wanted, Geometry.BlocksPerChunk);
        Outcome outcome;
        if (!need.Goal.IsNone && wanted < RoomToGrow / 2)
        {
            outcome = FindRoomToGrowLocked(ref need, wanted, out extent);
            if (outcome != Outcome.NotHere)
            {
                return outcome;
            }
        }

        outcome = FindFitLocked(ref need, wanted, out extent);
        if (outcome != Outcome.NotHere)
        {
            return outcome;
        }

        if (!need.ScannedAll && (need.ScanRounds == 0 || SpareChunksLocked == 0))
        {
            return need.MissScan(ScanBeforeBreaking);
        }

        var pieces = AcceptablePiecesLocked(need.NoFreshChunks ? 0 : SpareChunksLocked, wanted);
        outcome = FindPieceLocked(ref need, pieces, out extent);
        if (outcome is not (Outcome.NotHere or Outcome.NoSpace))
        {
            return outcome;
        }

        if (need.NoFreshChunks || SpareChunksLocked == 0)
        {
            return Outcome.NoSpace;
        }

        return ReserveInChunkLocked(ref need, _sets[ChunkClass.Whole]!.NextAtOrAbove(0), 0, wanted, out extent);
    }

    /// <summary>The fullest chunk with a run for all of the need, and in it the tightest run.</summary>
    private Outcome FindFitLocked(ref Need need, int wanted, out BlockExtent extent)
    {
        extent = default;
        if (wanted == Geometry.BlocksPerChunk)
        {
            return Outcome.NotHere;
        }

        for (var fullness = 0; fullness < ChunkClass.FullnessCount; fullness++)
        {
            var sure = ChunkClass.SureFits(fullness, wanted);
            var unsure = ChunkClass.FirstBroken + (fullness * ChunkClass.RunBinCount) + ChunkClass.RunBinOf(wanted);
            if ((sure & (1UL << unsure)) == 0 && (_inhabited & (1UL << unsure)) != 0)
            {
                var set = _sets[unsure]!;
                var candidate = set.NextAtOrAbove(0);
                for (var tries = 0; candidate >= 0 && tries < CandidatesPerFullness; tries++)
                {
                    var outcome = TryFitInChunkLocked(ref need, candidate, wanted, out extent);
                    if (outcome != Outcome.NotHere)
                    {
                        return outcome;
                    }

                    candidate = set.NextAtOrAbove(candidate + 1);
                }
            }

            var chunk = FirstOfLocked(sure);
            if (chunk >= 0)
            {
                return TryFitInChunkLocked(ref need, chunk, wanted, out extent);
            }
        }

        return Outcome.NotHere;
    }

    private Outcome TryFitInChunkLocked(ref Need need, long chunk, int wanted, out BlockExtent extent)
    {
        extent = default;
        var slot = SlotLocked(chunk);
        if (slot < 0)
        {
            return need.MissLine(chunk);
        }

        var (start, length) = BlockBits.BestClearRun(in _lines[slot].Busy, wanted);
        return length == 0 ? Outcome.NotHere : ReserveInChunkLocked(ref need, chunk, start, wanted, out extent);
    }

    /// <summary>The middle of a long run: half of it is left to whoever grows in front of it, half to this file.</summary>
    private Outcome FindRoomToGrowLocked(ref Need need, int wanted, out BlockExtent extent)
    {
        extent = default;
        ulong roomy = 0;
        for (var fullness = 0; fullness < ChunkClass.FullnessCount; fullness++)
        {
            roomy |= ChunkClass.SureFits(fullness, 2 * RoomToGrow);
        }

        var chunk = FirstOfLocked(roomy);
        if (chunk < 0)
        {
            return Outcome.NotHere;
        }

        var slot = SlotLocked(chunk);
        if (slot < 0)
        {
            return need.MissLine(chunk);
        }

        var (start, length) = BlockBits.LongestClearRun(in _lines[slot].Busy);
        return ReserveInChunkLocked(ref need, chunk, start + (length / 2), wanted, out extent);
    }

    /// <summary>The longest run there is in some classes, as much of it as is wanted.</summary>
    private Outcome FindPieceLocked(ref Need need, ulong classes, out BlockExtent extent)
    {
        extent = default;
        for (var bin = ChunkClass.RunBinCount - 1; bin >= 0; bin--)
        {
            var chunk = FirstOfLocked(ChunkClass.OfRunBin(bin) & classes);
            if (chunk < 0)
            {
                continue;
            }

            var slot = SlotLocked(chunk);
            if (slot < 0)
            {
                return need.MissLine(chunk);
            }

            var (start, length) = BlockBits.LongestClearRun(in _lines[slot].Busy);
            return ReserveInChunkLocked(ref need, chunk, start, (int)Math.Min(length, need.Wanted), out extent);
        }

        return Outcome.NoSpace;
    }

    /// <summary>The classes whose runs, shorter than the need, are to be used before another chunk is broken.</summary>
    private ulong AcceptablePiecesLocked(long wholeChunks, int wanted)
    {
        if (wholeChunks == 0 || IsWholeScarceLocked())
        {
            return ChunkClass.AllBroken;
        }

        // Percent of the broken chunks' blocks that are free.
        var holes = _brokenChunks == 0 ? 0 : _brokenFreeBlocks * 100 / (_brokenChunks << Geometry.BlocksPerChunkShift);
        var shortest = holes switch
        {
            >= 15 => wanted / 16,
            >= 5 => wanted / 4,
            _ => wanted,
        };

        ulong pieces = 0;
        for (var bin = 0; bin < ChunkClass.RunBinCount; bin++)
        {
            if (ChunkClass.RunFloorOf(ChunkClass.FirstBroken + bin) >= shortest)
            {
                pieces |= ChunkClass.OfRunBin(bin);
            }
        }

        return pieces;
    }

    /// <summary>Less than one known usable chunk in 64 is whole.</summary>
    private bool IsWholeScarceLocked() => WholeChunksLocked << 6 <= _scanCursor - _firstUsableChunk;
}

using System.Runtime.CompilerServices;
using Adit.Format;
using Adit.Interop;

namespace Adit.Metadata.Space;

/// <summary>Giving out blocks.</summary>
public sealed partial class SpaceAllocator
{
    /// <summary>The most that one request is given: 1 GiB, so that the lock is not held for long.</summary>
    public const long MaxBlocksPerRequest = 1 << 18;

    /// <summary>Reserves one run of blocks, 1 to as many as wanted.</summary>
    /// <remarks>Durable nowhere: what is not taken by a transaction is free again after a crash, and must be given back with
    /// <see cref="Return"/> otherwise. Thread-safe; the caller may hold the transaction lock but not the tree's.</remarks>
    /// <returns>ENOSPC when nothing is left, or the host of the medium has no room.</returns>
    public Errno TryReserve(in SpaceRequest request, out BlockExtent extent)
    {
        if (request.WantedBlocks <= 0 || (uint)request.ChunkPhase >= Geometry.BlocksPerChunk)
        {
            throw new ArgumentOutOfRangeException(nameof(request), request, "Wanted blocks or chunk phase out of range.");
        }

        var goal = request.Goal;
        if (request.WantedBlocks == 1 && !goal.IsNone)
        {
            using (_lock.Enter())
            {
                if (TryTakeNextLocked(goal))
                {
                    extent = new BlockExtent(goal, 1);
                    return Errno.Success;
                }
            }
        }

        return Search(in request, out extent);
    }

    /// <summary>The append path: the one block behind the last one, in a chunk at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeNextLocked(BlockAddress goal)
    {
        var index = goal.IndexInChunk;
        if (index == 0 || _recovering || (ulong)goal.Chunk >= (ulong)_chunkCount)
        {
            return false;
        }

        var slot = _lines.SlotOf(goal.Chunk);
        if (slot < 0 || !IsHostedLocked(goal.Chunk))
        {
            return false;
        }

        ref var line = ref _lines[slot];
        ref var word = ref line.Busy[index >> 6];
        var bit = 1UL << (index & 63);
        if ((word & bit) != 0)
        {
            return false;
        }

        word |= bit;
        line.FreeCount--;
        line.Flags |= LineFlags.Referenced;
        _freeBlocks--;
        MarkStaleLocked(ref line, slot);
        return true;
    }

    private Errno Search(in SpaceRequest request, out BlockExtent extent)
    {
        var need = new Need(in request);
        for (; ; )
        {
            Outcome outcome;
            using (_lock.Enter())
            {
                if (_recovering)
                {
                    EndRecoveryLocked();
                }

                outcome = FindLocked(ref need, out extent);
            }

            switch (outcome)
            {
                case Outcome.Found:
                    return Errno.Success;

                case Outcome.NoSpace:
                    return Errno.ENOSPC;

                case Outcome.NeedsLine:
                    Load(need.MissingChunk);
                    break;

                case Outcome.NeedsScan:
                    need.ScannedAll = !Scan(need.ScanBudget);
                    break;

                case Outcome.NeedsHost:
                    if (Host(need.MissingChunk, need.MissingChunkCount) != Errno.Success && !need.GiveUpOnHost())
                    {
                        return Errno.ENOSPC;
                    }

                    break;
            }
        }
    }

    private Outcome FindLocked(ref Need need, out BlockExtent extent)
    {
        extent = default;
        if (_freeBlocks <= 0)
        {
            return Outcome.NoSpace;
        }

        RefreshStaleLocked();
        var outcome = TryGoalLocked(ref need, out extent);
        if (outcome != Outcome.NotHere)
        {
            return outcome;
        }

        return need.Shape == SpaceShape.Large ? FindLargeLocked(ref need, out extent) : FindSmallLocked(ref need, out extent);
    }

    /// <summary>Reserves a run inside one chunk, if its line is at hand and the host has room.</summary>
    private Outcome ReserveInChunkLocked(ref Need need, long chunk, int index, int count, out BlockExtent extent)
    {
        extent = default;
        if (!IsHostedLocked(chunk))
        {
            return need.MissHost(chunk, 1);
        }

        var slot = SlotLocked(chunk);
        HoldLocked(ref _lines[slot], slot, index, count);
        extent = new BlockExtent(BlockAddress.OfChunk(chunk, index), count);
        return Outcome.Found;
    }

    private enum Outcome
    {
        Found,
        NoSpace,

        /// <summary>This way does not lead to blocks; another may.</summary>
        NotHere,

        /// <summary>A line must be read, then the search starts again.</summary>
        NeedsLine,

        /// <summary>More chunks should be looked at first.</summary>
        NeedsScan,

        /// <summary>The host must make room for chunks first.</summary>
        NeedsHost,
    }

    /// <summary>A request on its way through the search, with what the search waits for.</summary>
    private struct Need(in SpaceRequest request)
    {
        public long Wanted = Math.Min(request.WantedBlocks, MaxBlocksPerRequest);
        public readonly int Phase = request.ChunkPhase;
        public readonly SpaceShape Shape = request.Shape;
        public BlockAddress Goal = request.Goal;

        public long MissingChunk;
        public long MissingChunkCount;
        public long ScanBudget;
        public int ScanRounds;

        /// <summary>No chunk is unknown any more.</summary>
        public bool ScannedAll;

        /// <summary>The host had no room for fresh chunks: only those that are in use already will do.</summary>
        public bool NoFreshChunks;

        public Outcome MissLine(long chunk)
        {
            MissingChunk = chunk;
            return Outcome.NeedsLine;
        }

        public Outcome MissHost(long chunk, long chunkCount)
        {
            MissingChunk = chunk;
            MissingChunkCount = chunkCount;
            return Outcome.NeedsHost;
        }

        public Outcome MissScan(long budget)
        {
            ScanBudget = budget;
            ScanRounds++;
            return Outcome.NeedsScan;
        }

        /// <summary>The host is full: try again with less.</summary>
        /// <returns>False when there is nothing less.</returns>
        public bool GiveUpOnHost()
        {
            if (MissingChunkCount > 1)
            {
                Wanted = Math.Min(Wanted, Geometry.BlocksPerChunk - Phase);
                return true;
            }

            Goal = BlockAddress.None;
            var isFirst = !NoFreshChunks;
            NoFreshChunks = true;
            return isFirst;
        }
    }
}

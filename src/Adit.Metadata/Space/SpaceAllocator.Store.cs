using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>What the store does with blocks, under the transaction lock.</summary>
public sealed partial class SpaceAllocator
{
    private enum Change
    {
        Take,
        Free,
        Return,
        Release,
        Hold,
    }

    /// <summary>Reserved blocks become live. In recovery they need not have been reserved.</summary>
    public void Take(BlockExtent blocks) => Apply(blocks, Change.Take);

    /// <summary>Live blocks become pending: free for the medium, not given out before their token is released.</summary>
    public void Free(BlockExtent blocks) => Apply(blocks, Change.Free);

    /// <summary>Gives back reserved blocks that no transaction took. Needs no transaction lock.</summary>
    public void Return(BlockExtent reserved) => Apply(reserved, Change.Return);

    /// <summary>Keeps blocks from being given out because a record of the log takes them. Frees are not released until
    /// <see cref="EndRecovery"/> or the first request.</summary>
    public void ReserveForRecovery(BlockExtent blocks)
    {
        using (_lock.Enter())
        {
            _recovering = true;
        }

        Apply(blocks, Change.Hold);
    }

    /// <summary>All records are applied: what they freed may be released.</summary>
    public void EndRecovery()
    {
        using (_lock.Enter())
        {
            EndRecoveryLocked();
        }
    }

    /// <summary>Closes the set of blocks freed until now.</summary>
    /// <returns>The token that releases it and all before it.</returns>
    public long SealPending()
    {
        using (_lock.Enter())
        {
            return _pending.Seal();
        }
    }

    /// <summary>The records that freed the blocks of a token are durable: they may be given out.</summary>
    public void ReleasePending(long token)
    {
        using (_lock.Enter())
        {
            if (_recovering)
            {
                _tokenToReleaseAfterRecovery = Math.Max(_tokenToReleaseAfterRecovery, token);
                return;
            }

            ReleaseLocked(token);
        }
    }

    private void EndRecoveryLocked()
    {
        if (_recovering)
        {
            _recovering = false;
            ReleaseLocked(_tokenToReleaseAfterRecovery);
        }
    }

    private void ReleaseLocked(long token)
    {
        while (_pending.TryTake(token, out var blocks))
        {
            // Their chunks are in memory: a chunk with a pending block is never dropped.
            _ = ApplyLocked(blocks, Change.Release);
        }
    }

    private void Apply(BlockExtent blocks, Change change)
    {
        if (blocks.BlockCount <= 0 || blocks.Start.Value < 0 || blocks.End.Value > _chunkCount << Geometry.BlocksPerChunkShift)
        {
            throw Defect("blocks outside the volume", blocks);
        }

        for (; ; )
        {
            long missing;
            using (_lock.Enter())
            {
                missing = ApplyLocked(blocks, change, out blocks);
            }

            if (missing < 0)
            {
                return;
            }

            Load(missing);
        }
    }

    private long ApplyLocked(BlockExtent blocks, Change change) => ApplyLocked(blocks, change, out _);

    /// <returns>-1, or the chunk whose line must be read before the rest can be done.</returns>
    private long ApplyLocked(BlockExtent blocks, Change change, out BlockExtent rest)
    {
        while (!blocks.IsEmpty)
        {
            var chunk = blocks.Start.Chunk;
            var index = blocks.Start.IndexInChunk;
            var count = (int)Math.Min(blocks.BlockCount, Geometry.BlocksPerChunk - index);
            var slot = SlotLocked(chunk);
            if (slot < 0)
            {
                rest = blocks;
                return chunk;
            }

            ref var line = ref _lines[slot];
            if (line.Use != ChunkUse.Data)
            {
                throw Defect($"{change} in a chunk of {line.Use}", blocks);
            }

            ApplyLocked(ref line, slot, new BlockExtent(blocks.Start, count), index, count, change);
            blocks = new BlockExtent(blocks.Start + count, blocks.BlockCount - count);
        }

        rest = blocks;
        return -1;
    }

    private void ApplyLocked(ref ChunkLine line, int slot, BlockExtent blocks, int index, int count, Change change)
    {
        switch (change)
        {
            case Change.Take:
                if (BlockBits.CountSet(in line.Live, index, count) != 0)
                {
                    throw Defect("taking blocks that are taken", blocks);
                }

                HoldLocked(ref line, slot, index, count);
                BlockBits.Set(ref line.Live, index, count);
                _untakenBlocks -= count;
                MarkDirtyLocked(ref line, slot);
                break;

            case Change.Free:
                if (BlockBits.CountSet(in line.Live, index, count) != count)
                {
                    throw Defect("freeing blocks that are not taken", blocks);
                }

                BlockBits.Clear(ref line.Live, index, count);
                _untakenBlocks += count;
                _pending.Add(blocks);
                MarkDirtyLocked(ref line, slot);
                break;

            case Change.Return:
                if (BlockBits.CountSet(in line.Busy, index, count) != count || BlockBits.CountSet(in line.Live, index, count) != 0)
                {
                    throw Defect("returning blocks that are not reserved", blocks);
                }

                MakeFreeLocked(ref line, slot, index, count);
                break;

            case Change.Release:
                // A record applied later in recovery may have taken some of them again.
                for (var end = index + count; index < end;)
                {
                    var run = Math.Min(BlockBits.ClearRunAt(in line.Live, index, end - index), end - index);
                    if (run > 0)
                    {
                        MakeFreeLocked(ref line, slot, index, run);
                    }

                    index = BlockBits.NextClear(in line.Live, index + run);
                }

                break;

            case Change.Hold:
                HoldLocked(ref line, slot, index, count);
                break;
        }
    }

    private void HoldLocked(ref ChunkLine line, int slot, int index, int count)
    {
        var newlyBusy = count - BlockBits.CountSet(in line.Busy, index, count);
        if (newlyBusy != 0)
        {
            BlockBits.Set(ref line.Busy, index, count);
            line.FreeCount -= (short)newlyBusy;
            _freeBlocks -= newlyBusy;
            MarkStaleLocked(ref line, slot);
        }
    }

    private void MakeFreeLocked(ref ChunkLine line, int slot, int index, int count)
    {
        var freed = BlockBits.CountSet(in line.Busy, index, count);
        BlockBits.Clear(ref line.Busy, index, count);
        line.FreeCount += (short)freed;
        _freeBlocks += freed;
        MarkStaleLocked(ref line, slot);
    }
}

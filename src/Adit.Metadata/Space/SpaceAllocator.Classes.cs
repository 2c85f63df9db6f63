using System.Numerics;
using System.Runtime.CompilerServices;
using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>Keeping chunks in their classes.</summary>
public sealed partial class SpaceAllocator
{
    private long WholeChunksLocked => _sets[ChunkClass.Whole]?.Count ?? 0;

    /// <summary>Whole chunks that data may have: the last ones are kept for nodes, which can only live in whole chunks. Else a
    /// volume with many holes could take no more records.</summary>
    private long SpareChunksLocked => Math.Max(0, WholeChunksLocked - _keptChunks);

    private int ClassOfLocked(long chunk) => _classes[chunk] & ChunkClass.Mask;

    private bool IsHostedLocked(long chunk) => (_classes[chunk] & ChunkClass.Hosted) != 0;

    /// <summary>The chunk changed: its class is found out by the next search.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MarkStaleLocked(ref ChunkLine line, int slot)
    {
        if ((line.Flags & LineFlags.Stale) == 0)
        {
            line.Flags |= LineFlags.Stale;
            _stale.Add(slot);
        }
    }

    private void RefreshStaleLocked()
    {
        while (_stale.TryTake(out var slot))
        {
            ref var line = ref _lines[slot];
            line.Flags &= ~LineFlags.Stale;
            var before = ClassOfLocked(line.Chunk);
            if (ChunkClass.IsBroken(before))
            {
                _brokenFreeBlocks -= line.ClassifiedFreeCount;
            }

            line.ClassifiedFreeCount = line.FreeCount;
            SetClassLocked(line.Chunk, Classify(in line));
            if (ChunkClass.IsBroken(ClassOfLocked(line.Chunk)))
            {
                _brokenFreeBlocks += line.FreeCount;
            }
        }
    }

    private static int Classify(in ChunkLine line) => line.Use switch
    {
        ChunkUse.Nodes => ChunkClass.Nodes,
        ChunkUse.Fixed => ChunkClass.Fixed,
        _ => line.FreeCount switch
        {
            0 => ChunkClass.Full,
            Geometry.BlocksPerChunk => ChunkClass.Whole,
            _ => ChunkClass.Of(line.FreeCount, BlockBits.LongestClearRun(in line.Busy).Length),
        },
    };

    private void SetClassLocked(long chunk, int chunkClass)
    {
        ref var entry = ref _classes[chunk];
        var before = entry & ChunkClass.Mask;
        if (before == chunkClass)
        {
            return;
        }

        entry = (byte)((entry & ~ChunkClass.Mask) | chunkClass);
        if (before >= ChunkClass.Whole && before != ChunkClass.Damaged)
        {
            var set = _sets[before]!;
            set.Remove(chunk);
            if (set.Count == 0)
            {
                _inhabited &= ~(1UL << before);
            }
        }

        if (chunkClass >= ChunkClass.Whole && chunkClass != ChunkClass.Damaged)
        {
            (_sets[chunkClass] ??= new ChunkSet(_chunkCount)).Add(chunk);
            _inhabited |= 1UL << chunkClass;
        }

        _brokenChunks += (ChunkClass.IsBroken(chunkClass) ? 1 : 0) - (ChunkClass.IsBroken(before) ? 1 : 0);
    }

    /// <summary>The chunk of lowest address in the lowest of some classes, or -1.</summary>
    private long FirstOfLocked(ulong classes)
    {
        classes &= _inhabited;
        return classes == 0 ? -1 : _sets[BitOperations.TrailingZeroCount(classes)]!.NextAtOrAbove(0);
    }
}

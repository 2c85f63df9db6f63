using Adit.Format;
using Adit.Interop;

namespace Adit.Metadata.Space;

/// <summary>Bringing chunks into memory, without the lock.</summary>
public sealed partial class SpaceAllocator
{
    /// <summary>The slot of a chunk that is in memory or whose class alone says what is in it; else -1: its line must be
    /// read first.</summary>
    private int SlotLocked(long chunk)
    {
        var slot = _lines.SlotOf(chunk);
        if (slot >= 0)
        {
            _lines[slot].Flags |= LineFlags.Referenced;
            return slot;
        }

        return ClassOfLocked(chunk) switch
        {
            ChunkClass.Whole => AddLineLocked(chunk, ChunkUse.Data, default),
            ChunkClass.Full => AddLineLocked(chunk, ChunkUse.Data, ChunkBits.All),
            ChunkClass.Nodes => AddLineLocked(chunk, ChunkUse.Nodes, ChunkBits.All),
            ChunkClass.Fixed => AddLineLocked(chunk, ChunkUse.Fixed, ChunkBits.All),
            ChunkClass.Damaged => throw new InvalidOperationException(
                $"Space: the line of chunk {chunk} cannot be read; run the checker."),
            _ => -1,
        };
    }

    private int AddLineLocked(long chunk, ChunkUse use, in ChunkBits bits)
    {
        RefreshStaleLocked();
        var slot = _lines.Add(chunk);
        ref var line = ref _lines[slot];
        line.Use = use;
        line.Live = bits;
        line.Busy = bits;
        line.FreeCount = (short)(Geometry.BlocksPerChunk - BlockBits.CountSet(in bits, 0, Geometry.BlocksPerChunk));
        line.ClassifiedFreeCount = line.FreeCount;
        return slot;
    }

    /// <summary>Reads the line of a chunk that is not in memory and classifies the chunk. Not under the lock.</summary>
    private void Load(long chunk)
    {
        for (; ; )
        {
            long stamp;
            using (_lock.Enter())
            {
                stamp = _dropStamp;
            }

            SpaceLine line = new(ChunkUse.Fixed, default);
            var found = true;
            try
            {
                if (chunk >= _firstUsableChunk)
                {
                    found = _reader.TryReadLine(chunk, out line);
                }
            }
            catch
            {
                using (_lock.Enter())
                {
                    if (_lines.SlotOf(chunk) < 0)
                    {
                        ForgetBrokenLocked(chunk);
                        SetClassLocked(chunk, ChunkClass.Damaged);
                    }
                }

                throw;
            }

            using (_lock.Enter())
            {
                if (_lines.SlotOf(chunk) >= 0)
                {
                    return;
                }

                // Whoever loaded, changed, folded and dropped the chunk meanwhile made what was read here old.
                if (stamp != _dropStamp)
                {
                    continue;
                }

                InstallLocked(chunk, found ? line : default);
                return;
            }
        }
    }

    private void InstallLocked(long chunk, in SpaceLine line)
    {
        if (ClassOfLocked(chunk) == ChunkClass.Unknown)
        {
            var simple = line switch
            {
                { Use: ChunkUse.Nodes } => ChunkClass.Nodes,
                { Use: not ChunkUse.Data } => ChunkClass.Fixed,
                _ when line.Bits == default => ChunkClass.Whole,
                _ when line.Bits == ChunkBits.All => ChunkClass.Full,
                _ => ChunkClass.Unknown,
            };
            if (simple != ChunkClass.Unknown)
            {
                SetClassLocked(chunk, simple);
                return;
            }
        }

        var isNew = ClassOfLocked(chunk) == ChunkClass.Unknown;
        var slot = AddLineLocked(chunk, line.Use, line.Bits);
        if (isNew)
        {
            // Not in the broken blocks' count yet: it is put there as if it had had none before.
            ref var added = ref _lines[slot];
            SetClassLocked(chunk, Classify(in added));
            _brokenFreeBlocks += added.FreeCount;
        }
    }

    /// <summary>Takes a broken chunk that is not in memory out of the counts; how many of its blocks were free is not known any
    /// more, so the most that its class allows stands for it.</summary>
    private void ForgetBrokenLocked(long chunk)
    {
        if (ChunkClass.IsBroken(ClassOfLocked(chunk)))
        {
            _brokenFreeBlocks = Math.Max(0, _brokenFreeBlocks - ChunkClass.FreeCeilingOf(ClassOfLocked(chunk)));
        }
    }

    /// <summary>Looks at chunks that nobody looked at yet, at most so many.</summary>
    /// <returns>False when none is left.</returns>
    private bool Scan(long budget)
    {
        while (budget-- > 0)
        {
            long chunk;
            using (_lock.Enter())
            {
                while (_scanCursor < _chunkCount && ClassOfLocked(_scanCursor) != ChunkClass.Unknown)
                {
                    _scanCursor++;
                }

                if (_scanCursor >= _chunkCount)
                {
                    return false;
                }

                chunk = _scanCursor;
            }

            Load(chunk);
        }

        return true;
    }

    /// <summary>Makes sure that the host has room for chunks. Not under the lock.</summary>
    private Errno Host(long firstChunk, long chunkCount)
    {
        var errno = _medium.Reserve(firstChunk << Geometry.ChunkShift, chunkCount << Geometry.ChunkShift);
        if (errno == Errno.Success)
        {
            using (_lock.Enter())
            {
                for (var chunk = firstChunk; chunk < firstChunk + chunkCount; chunk++)
                {
                    _classes[chunk] |= ChunkClass.Hosted;
                }
            }
        }

        return errno;
    }
}

using System.Runtime.CompilerServices;

namespace Adit.Metadata.Space;

/// <summary>The lines in memory, by slot, and which slot a chunk has. Slots live in slabs that never move, so a reference
/// to a line stays good until the line is dropped. Guarded by the allocator's lock.</summary>
internal sealed class LineTable(long chunkCount, int cap) : IDisposable
{
    private const int SlabShift = 7;
    private const int SlabSize = 1 << SlabShift;

    /// <summary>How many slots the clock hand passes for one new line.</summary>
    private const int SweepLength = 64;

    private readonly NativeTable<int> _slotOfChunk = new(chunkCount);
    private ChunkLine[][] _slabs = new ChunkLine[8][];
    private int _slabCount;
    private readonly Stack<int> _unused = new();
    private int _hand;

    public int Count { get; private set; }

    /// <summary>Slot of a chunk, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SlotOf(long chunk) => _slotOfChunk[chunk] - 1;

    public ref ChunkLine this[int slot]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _slabs[slot >> SlabShift][slot & (SlabSize - 1)];
    }

    /// <summary>Makes a line for a chunk that has none; its bits are clear. May drop others.</summary>
    public int Add(long chunk)
    {
        if (Count >= cap)
        {
            Sweep();
        }

        if (_unused.Count == 0)
        {
            AddSlab();
        }

        var slot = _unused.Pop();
        this[slot] = new ChunkLine { Chunk = chunk, Flags = LineFlags.InUse | LineFlags.Referenced };
        _slotOfChunk[chunk] = slot + 1;
        Count++;
        return slot;
    }

    public void Dispose() => _slotOfChunk.Dispose();

    private void AddSlab()
    {
        if (_slabCount == _slabs.Length)
        {
            Array.Resize(ref _slabs, _slabs.Length * 2);
        }

        _slabs[_slabCount] = new ChunkLine[SlabSize];
        for (var slot = SlabSize - 1; slot >= 0; slot--)
        {
            _unused.Push((_slabCount << SlabShift) + slot);
        }

        _slabCount++;
    }

    /// <summary>Drops lines that say nothing the tree does not say and that were not used lately.</summary>
    private void Sweep()
    {
        var slotCount = _slabCount << SlabShift;
        for (var step = 0; step < SweepLength; step++)
        {
            _hand = _hand + 1 >= slotCount ? 0 : _hand + 1;
            ref var line = ref this[_hand];
            if ((line.Flags & LineFlags.InUse) == 0)
            {
                continue;
            }

            if ((line.Flags & LineFlags.Referenced) != 0)
            {
                line.Flags &= ~LineFlags.Referenced;
            }
            else if ((line.Flags & (LineFlags.Dirty | LineFlags.Collected | LineFlags.Stale)) == 0 && line.Busy == line.Live)
            {
                _slotOfChunk[line.Chunk] = 0;
                line.Flags = LineFlags.None;
                _unused.Push(_hand);
                Count--;
            }
        }
    }
}

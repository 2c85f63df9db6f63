namespace Adit.TestKit.Simulation;

/// <summary>What was written or marked since the last fence, in order, with the bytes as they were then: a fence
/// guarantees those and no later ones.</summary>
internal sealed unsafe class PendingStores(long mediumBytes)
{
    private readonly List<(long OffsetBytes, int LengthBytes, int At)> _ranges = [];
    private readonly ulong[] _lines = new ulong[((mediumBytes / SimulatedMedium.LineSize) + 63) / 64];
    private byte[] _bytes = new byte[1 << 16];
    private int _used;

    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Whether any byte of a line was written or marked since the last fence.</summary>
    public bool Contains(int line) => (_lines[line >> 6] & (1UL << (line & 63))) != 0;

    public void Add(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _used < bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _used + bytes.Length));
        }

        bytes.CopyTo(_bytes.AsSpan(_used));
        _ranges.Add((offsetBytes, bytes.Length, _used));
        _used += bytes.Length;
        for (long line = offsetBytes / SimulatedMedium.LineSize; line * SimulatedMedium.LineSize < offsetBytes + bytes.Length; line++)
        {
            _lines[line >> 6] |= 1UL << (int)(line & 63);
        }
    }

    public void Persist(SimulatedView persisted)
    {
        foreach ((long offset, int length, int at) in _ranges)
        {
            _bytes.AsSpan(at, length).CopyTo(persisted.Bytes(offset, length));
        }

        Clear();
    }

    public void Clear()
    {
        foreach ((long offset, int length, _) in _ranges)
        {
            for (long line = offset / SimulatedMedium.LineSize; line * SimulatedMedium.LineSize < offset + length; line++)
            {
                _lines[line >> 6] &= ~(1UL << (int)(line & 63));
            }
        }

        _ranges.Clear();
        _used = 0;
    }

    /// <summary>Lets one line persist as it is now.</summary>
    public void EvictOne(Random random, SimulatedView working, SimulatedView persisted)
    {
        if (IsEmpty)
        {
            return;
        }

        (long offset, int length, _) = _ranges[random.Next(_ranges.Count)];
        Evict((offset + random.Next(length)) / SimulatedMedium.LineSize, working, persisted);
    }

    /// <summary>Lets a line persist as it is now. Older bytes of it that a fence would have persisted are overtaken.</summary>
    public void Evict(long line, SimulatedView working, SimulatedView persisted)
    {
        long start = line * SimulatedMedium.LineSize;
        long end = start + SimulatedMedium.LineSize;
        working.Bytes(start, SimulatedMedium.LineSize).CopyTo(persisted.Bytes(start, SimulatedMedium.LineSize));
        foreach ((long offset, int length, int at) in _ranges)
        {
            long from = Math.Max(start, offset);
            long to = Math.Min(end, offset + length);
            if (from < to)
            {
                working.Bytes(from, (int)(to - from)).CopyTo(_bytes.AsSpan(at + (int)(from - offset)));
            }
        }
    }
}

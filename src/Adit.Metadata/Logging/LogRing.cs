using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Adit.Format;
using Adit.Media;

namespace Adit.Metadata.Logging;

/// <summary>The log: a ring of self-proving records, addressed by bytes ever logged.</summary>
/// <remarks>
/// <para>Invariants: <c>head &lt;= written &lt;= tail</c> and <c>tail - head &lt;= ring size</c>. Everything before <c>written</c> is on the medium;
/// what lies behind it is staged in memory (only on media whose fences are dear), so that no record can reach the medium before
/// the data it makes reachable. A record never straddles the ring's end: a filler record takes what is left there.</para>
/// <para>Locks: appending needs the store's transaction lock. Writing out what is staged needs the flush lock, and the
/// transaction lock for the moment in which the staged bytes are taken over.</para>
/// <para>Failure: an exception of the medium passes through; the store then refuses further transactions.</para>
/// </remarks>
internal sealed unsafe class LogRing : IDisposable
{
    /// <summary>A record that makes or removes a file is as long as that. What lies behind the ring's end may be fetched as well: nothing comes of it.</summary>
    private const int LinesFetched = 6;

    private readonly Medium _medium;
    private readonly long _start;
    private readonly ulong _size;
    private readonly bool _isStaged;
    private readonly BrokenVariant _broken;
    private readonly uint _seed;
    private readonly uint _incarnation;
    private readonly StagingArea? _area;
    private byte* _staging;
    private byte* _flushing;

    /// <summary>Where the tail lies in the ring. Kept beside it: a division takes as long as the rest of an append.</summary>
    private ulong _tailInRing;

    /// <summary>Which buffer of the area is <see cref="_staging"/>.</summary>
    private int _stagingIndex;

    public LogRing(Medium medium, VolumeLayout layout, in Superblock superblock, ulong tail, ulong sequence, bool isStaged, BrokenVariant broken, StagingArea? area = null)
    {
        _medium = medium;
        _start = layout.LogStart << Geometry.BlockShift;
        _size = (ulong)layout.LogBlocks << Geometry.BlockShift;
        _isStaged = isStaged;
        _broken = broken;
        _seed = SeedOf(superblock.VolumeId);
        _incarnation = (uint)superblock.Incarnation;
        Head = superblock.LogHead;
        Tail = Written = tail;
        _tailInRing = tail % _size;
        NextSequence = sequence;
        if (isStaged)
        {
            StagingBytes = (int)Math.Min(_size / 4, StagingArea.BufferBytes);
            _area = area;
            if (area is not null)
            {
                _staging = area.Buffer(0);
                _flushing = area.Buffer(1);
                area.Begin(superblock.VolumeId, superblock.Incarnation);
                area.Restart(0, tail);
                return;
            }

            _staging = (byte*)NativeMemory.AlignedAlloc((nuint)StagingBytes, 64);
            _flushing = (byte*)NativeMemory.AlignedAlloc((nuint)StagingBytes, 64);
        }
    }

    /// <summary>The first byte that recovery would read.</summary>
    public ulong Head { get; private set; }

    /// <summary>Behind the last record on the medium.</summary>
    public ulong Written { get; private set; }

    /// <summary>Behind the last record.</summary>
    public ulong Tail { get; private set; }

    /// <summary>The sequence number of the next record.</summary>
    public ulong NextSequence { get; private set; }

    public long SizeBytes => (long)_size;

    /// <summary>Room for staged records, 0 when records are written at once.</summary>
    public int StagingBytes { get; }

    public long UsedBytes => (long)(Tail - Head);

    /// <summary>The longest record: sixteen of them fit into the ring, four into what is staged.</summary>
    public int MaxRecordBytes => (int)Math.Min(_size / 16, 128 << 10) & ~(LogRecordHeader.Alignment - 1);

    public bool HasStaged => Tail != Written;

    /// <summary>Whether a record of the given length can be appended, whatever filler it needs.</summary>
    public bool HasRoomFor(int recordBytes) => UsedBytes + (2L * recordBytes) <= (long)_size && HasStagingFor(recordBytes);

    public bool HasStagingFor(int recordBytes) =>
        !_isStaged || (long)(Tail - Written) + (2L * recordBytes) <= StagingBytes;

    public static uint SeedOf(Guid volumeId)
    {
        Span<byte> bytes = stackalloc byte[16];
        volumeId.TryWriteBytes(bytes);
        return Checksum.Of(bytes);
    }

    /// <summary>Completes the header of the next record, whose operations lie behind it.</summary>
    /// <param name="record">With room for its header; a multiple of 64 bytes long, padding zeroed.</param>
    /// <param name="operationCount">How many operations it holds.</param>
    /// <param name="nextInode">See <see cref="LogRecordHeader.NextInode"/>.</param>
    public void Prepare(Span<byte> record, int operationCount, ulong nextInode)
    {
        Invariant.That(HasRoomFor(record.Length), "room in the log is set aside before a transaction begins");
        ulong toEnd = _size - _tailInRing;
        if (toEnd < (ulong)record.Length)
        {
            Span<byte> filler = stackalloc byte[LogRecordHeader.Alignment];
            filler.Clear();
            Complete(filler, 0, nextInode, LogRecordFlags.Filler, (uint)toEnd);
            Store(filler, (uint)toEnd);
        }

        Complete(record, operationCount, nextInode, LogRecordFlags.None, (uint)record.Length);
    }

    /// <summary>Appends the record just prepared: to the medium on those with cheap fences, else to what is staged.</summary>
    public void Append(ReadOnlySpan<byte> record) => Store(record, (uint)record.Length);

    /// <summary>On media with cheap fences, what was appended is durable on return.</summary>
    public void FenceAppended()
    {
        if (!_isStaged && _broken != BrokenVariant.SkipRecordFence)
        {
            _medium.Fence();
        }
    }

    /// <summary>Has the processor fetch the place of the next record. A line that is stored to and not in the cache is read from the medium
    /// first, and the fence waits for that as well.</summary>
    public void FetchAhead()
    {
        if (!_isStaged && Sse.IsSupported)
        {
            byte* next = _medium.Start + _start + (long)_tailInRing;
            for (int line = 0; line < LinesFetched; line++)
            {
                Sse.Prefetch0(next + (line * LogRecordHeader.Alignment));
            }
        }
    }

    /// <summary>Takes over what is staged. Needs the flush lock and the transaction lock.</summary>
    public StagedRecords TakeStaged()
    {
        StagedRecords staged = new(Written, Tail);
        byte* taken = _staging;
        _staging = _flushing;
        _flushing = taken;
        Written = Tail;
        _stagingIndex = 1 - _stagingIndex;
        _area?.Restart(_stagingIndex, Tail);
        return staged;
    }

    /// <summary>Writes out what was taken over; the data it makes reachable is durable already. Needs the flush lock.</summary>
    public void WriteStaged(StagedRecords staged)
    {
        ulong position = staged.From;
        byte* source = _flushing;
        while (position < staged.To)
        {
            ulong inRing = position % _size;
            ulong length = Math.Min(staged.To - position, _size - inRing);
            _medium.Write(_start + (long)inRing, new ReadOnlySpan<byte>(source, (int)length));
            source += length;
            position += length;
        }

        if (_broken != BrokenVariant.SkipRecordFence)
        {
            _medium.Fence();
        }
    }

    /// <summary>Everything before is in the published tree.</summary>
    public void ReleaseUpTo(ulong position)
    {
        Invariant.That(position >= Head && position <= Tail, "the log's head moves forward, up to its tail");
        Head = position;
    }

    public void Dispose()
    {
        if (_area is null)
        {
            NativeMemory.AlignedFree(_staging);
            NativeMemory.AlignedFree(_flushing);
        }

        _staging = _flushing = null;
    }

    private void Complete(Span<byte> record, int operationCount, ulong nextInode, LogRecordFlags flags, uint lengthBytes)
    {
        ref LogRecordHeader header = ref MemoryMarshal.AsRef<LogRecordHeader>(record);
        header.Pack(lengthBytes, NextSequence, _incarnation, nextInode, (uint)operationCount, flags, Tail);
        header.Crc = Checksum.OfExceptField(record, LogRecordHeader.ChecksumOffset, _seed);
    }

    private void Store(ReadOnlySpan<byte> record, uint lengthBytes)
    {
        if (_isStaged)
        {
            // A filler stands for more bytes than it has.
            Span<byte> target = new(_staging + (Tail - Written), (int)lengthBytes);
            record.CopyTo(target);
            target[record.Length..].Clear();
            _area?.Extend(_stagingIndex, Tail + lengthBytes);
        }
        else
        {
            long offset = _start + (long)_tailInRing;
            if (_broken == BrokenVariant.SkipRecordFlush)
            {
                record.CopyTo(new Span<byte>(_medium.Start + offset, record.Length));
            }
            else
            {
                _medium.Write(offset, record);
            }
        }

        Tail += lengthBytes;
        _tailInRing += lengthBytes;
        if (_tailInRing == _size)
        {
            _tailInRing = 0;
        }

        if (!_isStaged)
        {
            Written = Tail;
        }

        NextSequence++;
    }
}

/// <summary>Records taken over for writing out, by their place in bytes ever logged.</summary>
internal readonly record struct StagedRecords(ulong From, ulong To)
{
    public bool IsEmpty => From == To;
}

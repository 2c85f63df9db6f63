using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Media;

namespace Adit.Metadata.Logging;

/// <summary>Reads the log from the published head on, up to the first record that does not prove itself: what it has then is
/// exactly a prefix of the committed transactions.</summary>
internal ref struct LogReader
{
    private readonly Medium _medium;
    private readonly long _start;
    private readonly ulong _size;
    private readonly uint _seed;
    private readonly uint _incarnation;
    private readonly ulong _limit;
    private readonly BrokenVariant _broken;

    public LogReader(Medium medium, VolumeLayout layout, in Superblock superblock, BrokenVariant broken)
    {
        _medium = medium;
        _start = layout.LogStart << Geometry.BlockShift;
        _size = (ulong)layout.LogBlocks << Geometry.BlockShift;
        _seed = LogRing.SeedOf(superblock.VolumeId);
        _incarnation = (uint)superblock.Incarnation;
        _broken = broken;
        Position = superblock.LogHead;
        Sequence = superblock.LogSequence;
        _limit = superblock.LogHead + _size;
    }

    /// <summary>Behind the last record read, in bytes ever logged.</summary>
    public ulong Position { get; private set; }

    /// <summary>The sequence number that the next record must have.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Reads the next transaction.</summary>
    /// <param name="header">Its head.</param>
    /// <param name="operations">The bytes behind the head, padding included.</param>
    public bool TryRead(out LogRecordHeader header, out ReadOnlySpan<byte> operations)
    {
        while (TryReadRecord(out header, out ReadOnlySpan<byte> record))
        {
            Position += header.LengthBytes;
            Sequence = header.Sequence + 1;
            if ((header.Flags & LogRecordFlags.Filler) == 0)
            {
                operations = record[LogRecordHeader.SizeBytes..];
                return true;
            }
        }

        operations = default;
        return false;
    }

    private readonly bool TryReadRecord(out LogRecordHeader header, out ReadOnlySpan<byte> record)
    {
        ulong inRing = Position % _size;
        ulong toEnd = _size - inRing;
        long offset = _start + (long)inRing;
        record = default;
        header = MemoryMarshal.Read<LogRecordHeader>(_medium.Span(offset, LogRecordHeader.SizeBytes));
        if (header.Magic != LogRecordHeader.ExpectedMagic
            || header.LengthBytes < LogRecordHeader.Alignment
            || header.LengthBytes % LogRecordHeader.Alignment != 0
            || header.LengthBytes > toEnd
            || Position + header.LengthBytes > _limit)
        {
            return false;
        }

        if (_broken != BrokenVariant.TrustSequenceGap && (header.Sequence != Sequence || header.Position != Position))
        {
            return false;
        }

        if (_broken != BrokenVariant.TrustOldIncarnation && header.Incarnation != _incarnation)
        {
            return false;
        }

        bool isFiller = (header.Flags & LogRecordFlags.Filler) != 0;
        if (isFiller && header.LengthBytes != toEnd)
        {
            return false;
        }

        record = _medium.Span(offset, isFiller ? LogRecordHeader.Alignment : (int)header.LengthBytes);
        return _broken == BrokenVariant.TrustRecordChecksum
            || header.Crc == Checksum.OfExceptField(record, LogRecordHeader.ChecksumOffset, _seed);
    }
}

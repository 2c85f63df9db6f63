using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Adit.Dax.Entries;
using Adit.Dax.Mappings;
using Adit.Interop;

namespace Adit.Dax.Pins;

/// <summary>A range of a file held in place in memory: the bytes on the medium themselves, valid until disposed, whatever happens to the
/// file. For the length of an operation: a change of the layout waits for it. (For longer: <see cref="LongPin"/>.)</summary>
/// <remarks>
/// Made by <see cref="AddressSpace.Pin(long, long, PinAccess, out Pin)"/>. Belongs to one thread at a time; disposed once. Stores are seen at once by every
/// other access to the file; they are durable after <see cref="Flush(long, long)"/>, or after a write-back of the file. Dispose it before
/// waiting for anything that may be waiting for it. The range ends at the end of the last page at most: bytes behind the end of the
/// file may be read as zeros and do not become part of it.
/// </remarks>
public unsafe ref struct Pin
{
    private readonly byte* _start;
    private AddressSpace? _space;
    private EntryNode? _node;
    private PinSegment[]? _segments;
    private readonly PageEntry _held;
    private readonly int _slot;
    private readonly int _segmentCount;

    /// <param name="held">What the entry was when it was pinned.</param>
    internal Pin(AddressSpace space, EntryRef entry, PageEntry held, byte* start, long offsetBytes, long lengthBytes, PinAccess access)
    {
        _space = space;
        _node = entry.Node;
        _slot = entry.Slot;
        _held = held;
        _start = start;
        _segmentCount = 1;
        OffsetBytes = offsetBytes;
        LengthBytes = lengthBytes;
        Access = access;
    }

    internal Pin(AddressSpace space, PinSegment[] segments, int segmentCount, long offsetBytes, long lengthBytes, PinAccess access)
    {
        _space = space;
        _segments = segments;
        _segmentCount = segmentCount;
        _start = segments[0].Start;
        OffsetBytes = offsetBytes;
        LengthBytes = lengthBytes;
        Access = access;
    }

    /// <summary>Where in the file the range begins.</summary>
    public readonly long OffsetBytes { get; }

    public readonly long LengthBytes { get; }

    public readonly PinAccess Access { get; }

    public readonly bool IsWritable => (Access & PinAccess.Write) != 0;

    /// <summary>All bytes lie side by side in memory: <see cref="Span"/> can be had.</summary>
    public readonly bool IsContiguous => SegmentCount == 1;

    /// <summary>Stretches of bytes that lie side by side.</summary>
    public readonly int SegmentCount
    {
        get
        {
            int count = 0;
            for (long at = 0; at < LengthBytes; count++)
            {
                at += StretchAt(at, out _);
            }

            return count;
        }
    }

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidOperationException">They lie in several pieces, or are 2 GiB or more, or the pin is disposed.</exception>
    public readonly ReadOnlySpan<byte> Span => new(WholeStart(), (int)LengthBytes);

    /// <summary>The bytes, to store to.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="Span"/>; or the pin is for reading.</exception>
    public readonly Span<byte> WritableSpan
    {
        get
        {
            CheckWritable();
            return new Span<byte>(WholeStart(), (int)LengthBytes);
        }
    }

    /// <summary>The bytes from an offset in the range on, as far as they lie side by side (2 GiB less one page at most).</summary>
    public readonly ReadOnlySpan<byte> SegmentAt(long offsetInPin)
    {
        CheckInside(offsetInPin, 1);
        long length = StretchAt(offsetInPin, out byte* start);
        return new ReadOnlySpan<byte>(start, (int)Math.Min(length, MaxSpanBytes));
    }

    /// <inheritdoc cref="SegmentAt"/>
    /// <exception cref="InvalidOperationException">The pin is for reading.</exception>
    public readonly Span<byte> WritableSegmentAt(long offsetInPin)
    {
        CheckWritable();
        CheckInside(offsetInPin, 1);
        long length = StretchAt(offsetInPin, out byte* start);
        return new Span<byte>(start, (int)Math.Min(length, MaxSpanBytes));
    }

    /// <summary>A value on the medium.</summary>
    /// <param name="offsetInPin">Where in the range; the value lies in one page, or in pages side by side.</param>
    public readonly ref readonly T Ref<T>(long offsetInPin = 0)
        where T : unmanaged => ref Unsafe.AsRef<T>(At(offsetInPin, sizeof(T)));

    /// <summary>A value on the medium, to store to. An aligned one of 8 bytes or fewer is stored in one piece.</summary>
    /// <exception cref="InvalidOperationException">The pin is for reading.</exception>
    public readonly ref T WritableRef<T>(long offsetInPin = 0)
        where T : unmanaged
    {
        CheckWritable();
        return ref Unsafe.AsRef<T>(At(offsetInPin, sizeof(T)));
    }

    /// <summary>Makes what was stored to a part of the range durable, and what is needed to reach it.</summary>
    public readonly Errno Flush(long offsetInPin, long lengthBytes)
    {
        CheckInside(offsetInPin, lengthBytes);
        return Live().FlushPinned(this, offsetInPin, lengthBytes);
    }

    /// <inheritdoc cref="Flush(long, long)"/>
    public readonly Errno Flush() => Flush(0, LengthBytes);

    /// <summary>Lets the range go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dispose()
    {
        AddressSpace? space = _space;
        _space = null;
        if (_node is { } node)
        {
            _node = null;
            space!.Unpin(new EntryRef(node, _slot), _held);
        }
        else if (_segments is not null)
        {
            DisposeSegments(space!);
        }

        if (IsWritable && space is not null)
        {
            space.TellStored(OffsetBytes, LengthBytes);
        }
    }

    /// <summary>How far the bytes from an offset on lie side by side.</summary>
    internal readonly long StretchAt(long offsetInPin, out byte* start)
    {
        if (_segments is null)
        {
            start = _start + offsetInPin;
            return LengthBytes - offsetInPin;
        }

        int i = 0;
        while (offsetInPin >= _segments[i].LengthBytes)
        {
            offsetInPin -= _segments[i++].LengthBytes;
        }

        start = _segments[i].Start + offsetInPin;
        long length = _segments[i].LengthBytes - offsetInPin;
        for (; i + 1 < _segmentCount && _segments[i + 1].Start == start + length; i++)
        {
            length += _segments[i + 1].LengthBytes;
        }

        return length;
    }

    private const int MaxSpanBytes = int.MaxValue & ~4095;

    private readonly byte* WholeStart()
    {
        if (_space is null || LengthBytes > int.MaxValue || StretchAt(0, out _) != LengthBytes)
        {
            ThrowNotWhole();
        }

        return _start;
    }

    private readonly byte* At(long offsetInPin, int sizeBytes)
    {
        CheckInside(offsetInPin, sizeBytes);
        if (StretchAt(offsetInPin, out byte* start) < sizeBytes)
        {
            ThrowNotWhole();
        }

        return start;
    }

    private void DisposeSegments(AddressSpace space)
    {
        for (int i = 0; i < _segmentCount; i++)
        {
            if (_segments![i].Entry.Node is not null)
            {
                space.Unpin(_segments[i].Entry);
            }
        }

        ArrayPool<PinSegment>.Shared.Return(_segments!, clearArray: true);
        _segments = null;
    }

    private readonly AddressSpace Live()
    {
        if (_space is null)
        {
            throw new InvalidOperationException("The pin is disposed.");
        }

        return _space;
    }

    private readonly void CheckWritable()
    {
        if (!IsWritable)
        {
            ThrowReadOnly();
        }
    }

    private readonly void CheckInside(long offsetInPin, long lengthBytes)
    {
        if (offsetInPin < 0 || lengthBytes < 0 || offsetInPin > LengthBytes - lengthBytes)
        {
            ThrowOutside(offsetInPin, lengthBytes);
        }
    }

    [DoesNotReturn]
    private readonly void ThrowNotWhole() => throw new InvalidOperationException(_space is null
        ? "The pin is disposed, or was never given."
        : $"The {LengthBytes} bytes at {OffsetBytes} do not lie side by side, or are too many for one span: use SegmentAt.");

    [DoesNotReturn]
    private static void ThrowReadOnly() =>
        throw new InvalidOperationException("The pin is for reading. Ask for PinAccess.Write to store to the range.");

    [DoesNotReturn]
    private readonly void ThrowOutside(long offsetInPin, long lengthBytes) => throw new ArgumentOutOfRangeException(
        nameof(offsetInPin), $"{lengthBytes} bytes at {offsetInPin} are not inside a pin of {LengthBytes} bytes.");
}

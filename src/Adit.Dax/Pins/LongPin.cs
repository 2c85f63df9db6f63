using System.Buffers;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;

namespace Adit.Dax.Pins;

/// <summary>A range of a file held in place for as long as its holder likes, and longer than anybody who wants it changed is
/// willing to wait: it comes with a lease.</summary>
/// <remarks>
/// Thread-safe. Its memory can be the buffer of other I/O (sockets, files, io_uring). Memory that such I/O has pinned keeps the
/// range in place until it is done, also after <see cref="Dispose"/>; using the memory otherwise after that throws.
/// </remarks>
public sealed class LongPin : IDisposable
{
    private readonly PinSegment[] _segments;
    private readonly PinnedMemory[] _memories;
    private int _users = 1;
    private int _isDisposed;

    internal LongPin(AddressSpace space, Lease lease, PinSegment[] segments, long offsetBytes, long lengthBytes, PinAccess access)
    {
        Space = space;
        Lease = lease;
        OffsetBytes = offsetBytes;
        LengthBytes = lengthBytes;
        Access = access;
        _segments = segments;
        _memories = PinnedMemory.Over(this, segments);
    }

    public long OffsetBytes { get; }

    public long LengthBytes { get; }

    public PinAccess Access { get; }

    public bool IsWritable => (Access & PinAccess.Write) != 0;

    /// <summary>What keeps the layout as it is: tells when the range is wanted.</summary>
    public Lease Lease { get; }

    /// <summary>Stretches that lie side by side, of 1 GiB at most.</summary>
    public int SegmentCount => _memories.Length;

    internal AddressSpace Space { get; }

    internal bool IsDisposed => Volatile.Read(ref _isDisposed) != 0;

    /// <summary>The bytes of a stretch.</summary>
    public ReadOnlyMemory<byte> ReadSegment(int index) => _memories[index].Memory;

    /// <summary>The bytes of a stretch, to store to.</summary>
    /// <exception cref="InvalidOperationException">The pin is for reading.</exception>
    public Memory<byte> WriteSegment(int index) => IsWritable
        ? _memories[index].Memory
        : throw new InvalidOperationException("The pin is for reading. Ask for PinAccess.Write to store to the range.");

    /// <summary>All bytes, in order.</summary>
    public ReadOnlySequence<byte> AsSequence()
    {
        PinSequence first = new(_memories[0].Memory);
        PinSequence last = first;
        for (int i = 1; i < _memories.Length; i++)
        {
            last = last.Append(_memories[i].Memory);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>Makes what was stored to a part of the range durable, and what is needed to reach it.</summary>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public Interop.Errno Flush(long offsetInPin, long lengthBytes)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetInPin);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetInPin, LengthBytes - lengthBytes);

        // Not disposed: its entries stay this pin's.
        Pin pin = new(Space, _segments, _segments.Length, OffsetBytes, LengthBytes, Access);
        return Space.FlushPinned(pin, offsetInPin, lengthBytes);
    }

    /// <summary>Lets the range go, as soon as no I/O uses its memory.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Leave();
        }
    }

    /// <summary>Some I/O begins to use the memory.</summary>
    internal void Join()
    {
        int users;
        do
        {
            users = Volatile.Read(ref _users);
            ObjectDisposedException.ThrowIf(users == 0 || IsDisposed, this);
        }
        while (Interlocked.CompareExchange(ref _users, users + 1, users) != users);
    }

    internal void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Space.UnpinAll(_segments);
            Lease.Dispose();
            if (IsWritable)
            {
                Space.TellStored(OffsetBytes, LengthBytes);
            }
        }
    }
}

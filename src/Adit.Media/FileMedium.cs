using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Interop.Locking;

namespace Adit.Media;

/// <summary>An ordinary file, mapped shared. Stores land in the host's page cache; a fence writes back exactly the
/// pages that were written or marked, and waits for the disk.</summary>
/// <remarks>Thread-safe. A fence covers what every thread wrote before, and threads that fence at once share the
/// disk's work: the second finds nothing left to do. A failed fence poisons the medium: the host forgets which pages
/// it could not write, so no later fence could be believed. A store to a page that the host cannot take just now (a
/// frozen or stalled disk) waits in the kernel without the runtime's knowledge: a garbage collection, and with it the
/// whole process, waits for it too.</remarks>
public sealed unsafe class FileMedium : Medium
{
    private readonly RankedLock _fenceLock = new(LockRank.Medium, number: 1);
    private readonly FileDescriptor _file;
    private readonly MemoryMapping _mapping;
    private readonly HostRoom _room;
    private readonly DirtyPages _dirty;
    private readonly FileWriteback _writeback;
    private MediumException? _failure;

    /// <param name="file">Open for reading and writing, and owned. Taken over.</param>
    /// <param name="path">Its path.</param>
    /// <param name="lengthBytes">How much of it to map; a multiple of 4 KiB, not beyond its end.</param>
    internal FileMedium(FileDescriptor file, string path, long lengthBytes)
    {
        Name = path;
        _file = file;
        _mapping = MediumMapping.Map(path, file.DangerousNumber, lengthBytes, Libc.MAP_SHARED, hugePages: false);
        Start = _mapping.Start;
        LengthBytes = lengthBytes;
        _room = new HostRoom(file, lengthBytes);
        _dirty = new DirtyPages(lengthBytes);
        _writeback = new FileWriteback(file, _mapping);
    }

    public override string Name { get; }

    public override MediumKind Kind => MediumKind.File;

    public override bool HasCheapFences => false;

    public override string? MapRangeRefusal => null;

    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access)
    {
        CheckRange(offsetBytes, lengthBytes);
        return MediumMapping.MapRange(_file.DangerousNumber, address, offsetBytes, lengthBytes, access, Libc.MAP_SHARED);
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        Span<byte> destination = Prepare(offsetBytes, source.Length);
        source.CopyTo(destination);
        _dirty.Mark(offsetBytes, source.Length);
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        for (long done = 0; done < lengthBytes;)
        {
            int piece = (int)Math.Min(lengthBytes - done, 1 << 30);
            Prepare(offsetBytes + done, piece).Clear();
            done += piece;
        }

        _dirty.Mark(offsetBytes, lengthBytes);
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        _dirty.Mark(offsetBytes, lengthBytes);
    }

    public override void Fence()
    {
        using (_fenceLock.Enter())
        {
            ThrowIfFailed();
            Errno outcome = _writeback.WriteBack(_dirty);
            if (outcome != Errno.Success)
            {
                _failure = new MediumException(
                    outcome,
                    $"{Name}: the host could not make changes durable: {outcome.Message()}. " +
                    "What was not durable yet may be lost. Check the disk under it, then open the volume again.");
                throw _failure;
            }
        }
    }

    public override Errno Reserve(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        return _room.Reserve(offsetBytes, lengthBytes);
    }

    public override void Discard(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        _room.Discard(offsetBytes, lengthBytes);
    }

    public override void Dispose()
    {
        _mapping.Dispose();
        _file.Dispose();
    }

    private Span<byte> Prepare(long offsetBytes, int lengthBytes)
    {
        Span<byte> destination = Destination(offsetBytes, lengthBytes);
        ThrowIfFailed();
        Errno outcome = _room.Reserve(offsetBytes, lengthBytes);
        if (outcome != Errno.Success)
        {
            throw new MediumException(outcome, $"{Name}: no room on the host for {lengthBytes} bytes at {offsetBytes}: {outcome.Message()}.");
        }

        return destination;
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } cause)
        {
            throw new MediumException(cause.Errno, cause.Message, cause);
        }
    }
}

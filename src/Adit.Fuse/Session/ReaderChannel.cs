using System.Runtime.InteropServices;
using Adit.Fuse.Access;
using Adit.Fuse.Handlers;
using Adit.Fuse.Replies;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse.Session;

/// <summary>What one reader thread owns: a request buffer, a reply buffer, vectors to gather a reply from, counters.
/// All of it is made once, so that serving allocates nothing. Used by its thread only, but for the interrupt mark.</summary>
internal sealed unsafe class ReaderChannel : IDisposable
{
    /// <summary>Segments of a direct read: a request of the largest size over single blocks, unaligned, fits.</summary>
    public const int MaxSegments = 512;
    private const int PageBytes = 4096;

    private readonly MemoryMapping _request;
    private readonly MemoryMapping _reply;
    private readonly IoVector* _parts;
    private readonly MediumSegment* _segments;
    private readonly long[] _requestCounts = new long[Dispatcher.OpcodeCount];
    private readonly byte[] _accessLists = new byte[2 * AccessControlList.MaxBytes];
    private ulong _currentUnique;
    private ulong _interruptedUnique;
    private ulong _watchedUnique;

    /// <param name="maxTransferBytes">Longest data of a write or a read.</param>
    public ReaderChannel(int maxTransferBytes)
    {
        _request = MapPages(maxTransferBytes + (4 * PageBytes));
        _reply = MapPages(maxTransferBytes + (2 * PageBytes));

        // A huge page behind the request buffer spares page table walks when a large write is copied out of it.
        _ = _request.Advise(Libc.MADV_HUGEPAGE);

        // The data of a write follows 80 bytes of headers: here it starts on a page.
        RequestBuffer = _request.Start + PageBytes - sizeof(InHeader) - sizeof(WriteIn);
        RequestCapacityBytes = maxTransferBytes + (2 * PageBytes);

        // A page for header and body together: the kernel looks up each page that it copies from.
        ReplyBody = _reply.Start + sizeof(OutHeader);
        ReplyCapacityBytes = maxTransferBytes + PageBytes;
        _parts = (IoVector*)NativeMemory.AllocZeroed(MaxSegments + 1, (nuint)sizeof(IoVector));
        _segments = (MediumSegment*)NativeMemory.AllocZeroed(MaxSegments, (nuint)sizeof(MediumSegment));
        Directory = new DirectoryReply();
    }

    public byte* RequestBuffer { get; }

    public int RequestCapacityBytes { get; }

    /// <summary>The bytes behind the header of a reply; the header itself is kept in front of them.</summary>
    public byte* ReplyBody { get; }

    public int ReplyCapacityBytes { get; }

    public Span<MediumSegment> Segments => new(_segments, MaxSegments);

    /// <summary>Collects the entries of a directory.</summary>
    public DirectoryReply Directory { get; }

    /// <summary>Scratch for the default access list of a directory in which something is made.</summary>
    public Span<byte> InheritedDefault => _accessLists.AsSpan(0, AccessControlList.MaxBytes);

    /// <summary>Scratch for the access list of what is made there.</summary>
    public Span<byte> InheritedAccess => _accessLists.AsSpan(AccessControlList.MaxBytes);

    /// <summary>The client of the request in work was killed: what may be cut short should be.</summary>
    public bool IsInterrupted => Volatile.Read(ref _interruptedUnique) == _currentUnique;

    public void Begin(in InHeader header)
    {
        Volatile.Write(ref _currentUnique, header.Unique);
        uint opcode = (uint)header.Opcode;
        if (opcode < (uint)_requestCounts.Length)
        {
            _requestCounts[opcode]++;
        }
    }

    /// <summary>At the same request as when this was asked last. For the one thread that watches.</summary>
    public bool HasNotMoved()
    {
        ulong current = Volatile.Read(ref _currentUnique);
        bool isSame = current != 0 && current == _watchedUnique;
        _watchedUnique = current;
        return isSame;
    }

    public void End() => Volatile.Write(ref _currentUnique, 0);

    /// <summary>Marks the request in work as interrupted if it is this one. Called by any thread; a mark that comes too
    /// late names a request that is no longer in work and has no effect.</summary>
    public bool TryInterrupt(ulong unique)
    {
        if (unique == 0 || Volatile.Read(ref _currentUnique) != unique)
        {
            return false;
        }

        Volatile.Write(ref _interruptedUnique, unique);
        return true;
    }

    public long CountOf(Opcode opcode) => Volatile.Read(ref _requestCounts[(int)opcode]);

    /// <summary>Sends the reply buffer's first bytes, or an error without body.</summary>
    public Errno SendReply(ITransport transport, ulong unique, Errno error, int bodyBytes)
    {
        OutHeader* header = (OutHeader*)(ReplyBody - sizeof(OutHeader));
        int lengthBytes = sizeof(OutHeader) + (error == Errno.Success ? bodyBytes : 0);
        *header = new OutHeader { Length = (uint)lengthBytes, Error = -(int)error, Unique = unique };
        _parts[0] = new IoVector(header, (nuint)lengthBytes);
        return transport.Send(_parts, 1);
    }

    /// <summary>Sends a successful reply whose body are the first segments of <see cref="Segments"/>, without copying them.</summary>
    public Errno SendSegments(ITransport transport, ulong unique, int segmentCount, int bodyBytes)
    {
        OutHeader* header = (OutHeader*)(ReplyBody - sizeof(OutHeader));
        *header = new OutHeader { Length = (uint)(sizeof(OutHeader) + bodyBytes), Unique = unique };
        _parts[0] = new IoVector(header, (nuint)sizeof(OutHeader));
        for (int index = 0; index < segmentCount; index++)
        {
            _parts[index + 1] = new IoVector(_segments[index].Start, (nuint)_segments[index].LengthBytes);
        }

        return transport.Send(_parts, segmentCount + 1);
    }

    public void Dispose()
    {
        _request.Dispose();
        _reply.Dispose();
        NativeMemory.Free(_parts);
        NativeMemory.Free(_segments);
    }

    private static MemoryMapping MapPages(int lengthBytes)
    {
        const int Flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE;
        Errno outcome = MemoryMapping.TryMap(-1, lengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, Flags, out MemoryMapping? mapping);
        return mapping ?? throw new MountException(outcome, $"no memory for a request buffer: {outcome.Message()}");
    }
}

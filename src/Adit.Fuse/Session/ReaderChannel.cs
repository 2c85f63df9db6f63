using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Fuse.Access;
using Adit.Fuse.Handlers;
using Adit.Fuse.Options;
using Adit.Fuse.Replies;
using Adit.Fuse.Succession;
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

    private readonly ChannelArea* _area;
    private readonly byte* _buffer;
    private readonly IoVector* _parts;
    private readonly MediumSegment* _segments;
    private readonly long[] _requestCounts = new long[Dispatcher.OpcodeCount];
    private readonly byte[] _accessLists = new byte[2 * AccessControlList.MaxBytes];
    private ulong _currentUnique;
    private ulong _interruptedUnique;
    private ulong _watchedUnique;

    /// <param name="memory">The session's.</param>
    /// <param name="index">Which of its areas this channel has.</param>
    /// <param name="transport">Where its requests come from.</param>
    /// <param name="queue">See <see cref="Queue"/>.</param>
    public ReaderChannel(SessionMemory memory, int index, ITransport transport, int queue = -1)
    {
        Index = index;
        Transport = transport;
        Queue = queue;
        _area = memory.Channel(index);

        // A huge page behind the request buffer spares page table walks when a large write is copied out of it. All of it is there from the start: a
        // kernel that copies a request while the process is being killed does not wait for a page, and would fail the request instead.
        byte* request = (byte*)_area + ChannelArea.RequestOffset;
        _ = Libc.madvise(request, ChannelArea.RequestBytes, Libc.MADV_HUGEPAGE);
        if (memory.File is not null)
        {
            _ = Libc.madvise(request, ChannelArea.RequestBytes, Libc.MADV_POPULATE_WRITE);
        }

        _buffer = RequestOf(_area);
        RequestBuffer = _buffer;

        // A page for header and body together: the kernel looks up each page that it copies from.
        ReplyBody = (byte*)_area + ChannelArea.ReplyOffset + sizeof(OutHeader);
        _parts = (IoVector*)NativeMemory.AllocZeroed(MaxSegments + 1, (nuint)sizeof(IoVector));
        _segments = (MediumSegment*)NativeMemory.AllocZeroed(MaxSegments, (nuint)sizeof(MediumSegment));
        Directory = new DirectoryReply();
    }

    /// <summary>Of a request.</summary>
    public const int RequestCapacityOf = MountOptions.MaxTransferBytes + (2 * PageBytes);

    /// <summary>Which of the memory's areas it has.</summary>
    public int Index { get; }

    /// <summary>Where its requests come from, and their replies go.</summary>
    public ITransport Transport { get; }

    /// <summary>Those that take requests from the same place have the same: the processor for a queue of io_uring, -1 for the classic channel.</summary>
    public int Queue { get; }

    /// <summary>How far its request has come, for a server that takes over.</summary>
    public ChannelArea* Area => _area;

    /// <summary>The request was done by another server, who could not answer it: what remains to be done is done here.</summary>
    public bool IsRepeat { get; set; }

    /// <summary>The request in work, or the place for one.</summary>
    public byte* RequestBuffer { get; private set; }

    public int RequestCapacityBytes => RequestCapacityOf;

    /// <summary>The bytes behind the header of a reply; the header itself is kept in front of them.</summary>
    public byte* ReplyBody { get; }

    public int ReplyCapacityBytes => MountOptions.MaxTransferBytes + PageBytes;

    public Span<MediumSegment> Segments => new(_segments, MaxSegments);

    /// <summary>Collects the entries of a directory.</summary>
    public DirectoryReply Directory { get; }

    /// <summary>Scratch for the default access list of a directory in which something is made.</summary>
    public Span<byte> InheritedDefault => _accessLists.AsSpan(0, AccessControlList.MaxBytes);

    /// <summary>Scratch for the access list of what is made there.</summary>
    public Span<byte> InheritedAccess => _accessLists.AsSpan(AccessControlList.MaxBytes);

    /// <summary>The client of the request in work was killed: what may be cut short should be.</summary>
    public bool IsInterrupted => Volatile.Read(ref _interruptedUnique) == _currentUnique;

    /// <summary>The data of a write follows 80 bytes of headers: it starts on a page.</summary>
    public static byte* RequestOf(ChannelArea* area) => (byte*)area + ChannelArea.RequestOffset + PageBytes - sizeof(InHeader) - sizeof(WriteIn);

    /// <summary>A request is in work.</summary>
    public bool IsInWork => _area->State != RequestState.Idle;

    /// <summary>Waits for a request.</summary>
    /// <returns>As <see cref="ITransport.Receive"/>.</returns>
    public Errno Receive(out int lengthBytes)
    {
        // None lies here until one is there: another server could take what is left for one.
        ((InHeader*)_buffer)->Length = 0;
        Errno received = Transport.Receive(_buffer, RequestCapacityOf, out byte* request, out lengthBytes);
        RequestBuffer = request;
        return received;
    }

    public void Begin(in InHeader header)
    {
        Volatile.Write(ref _currentUnique, header.Unique);
        _area->Opcode = header.Opcode;
        _area->Sequence = 0;
        _area->Handle = 0;
        _area->GivenCount = 0;
        _area->ForgottenCount = 0;
        _area->IsArmed = 0;
        _area->State = RequestState.InWork;
        Volatile.Write(ref _area->Unique, header.Unique & ~InHeader.ResendBit);
        Volatile.Write(ref _area->BegunCount, _area->BegunCount + 1);
        _area->RepeatedCount += (header.Unique & InHeader.ResendBit) != 0 ? 1 : 0;
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

    /// <summary>The reply is whole.</summary>
    public void Answered(Errno error, int bodyBytes)
    {
        _area->Error = (int)error;
        _area->BodyBytes = bodyBytes;
        _area->State = RequestState.Answered;
    }

    public void End()
    {
        _area->State = RequestState.Idle;
        Volatile.Write(ref _currentUnique, 0);
    }

    /// <summary>A request that was received is left as it is, for another server.</summary>
    public void Leave()
    {
        _area->Unique = 0;
        End();
    }

    /// <summary>The request is about to do what cannot be done twice: the thread's next commit is that.</summary>
    public void Arm() => _area->IsArmed = 1;

    /// <summary>That was done, or failed.</summary>
    public void Disarm() => _area->IsArmed = 0;

    /// <summary>A node of a request to forget was not held.</summary>
    public void ForgottenNothing() => Volatile.Write(ref _area->ForgottenCount, _area->ForgottenCount + 1);

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

    /// <summary>Has the pages of a reply in place that another process wrote, for the reason of <see cref="PresentPages"/>.</summary>
    public void HaveReplyInPlace(int bodyBytes) =>
        _ = Libc.madvise(ReplyBody - sizeof(OutHeader), (nuint)(sizeof(OutHeader) + bodyBytes), Libc.MADV_POPULATE_WRITE);

    /// <summary>Sends the reply buffer's first bytes, or an error without body.</summary>
    public Errno SendReply(ulong unique, Errno error, int bodyBytes)
    {
        OutHeader* header = (OutHeader*)(ReplyBody - sizeof(OutHeader));
        int lengthBytes = sizeof(OutHeader) + (error == Errno.Success ? bodyBytes : 0);
        *header = new OutHeader { Length = (uint)lengthBytes, Error = -(int)error, Unique = unique };
        _parts[0] = new IoVector(header, (nuint)lengthBytes);
        return Transport.Send(_parts, 1);
    }

    /// <summary>Sends a successful reply whose body are the first segments of <see cref="Segments"/>, without copying them.</summary>
    public Errno SendSegments(ulong unique, int segmentCount, int bodyBytes)
    {
        OutHeader* header = (OutHeader*)(ReplyBody - sizeof(OutHeader));
        *header = new OutHeader { Length = (uint)(sizeof(OutHeader) + bodyBytes), Unique = unique };
        _parts[0] = new IoVector(header, (nuint)sizeof(OutHeader));
        for (int index = 0; index < segmentCount; index++)
        {
            _parts[index + 1] = new IoVector(_segments[index].Start, (nuint)_segments[index].LengthBytes);
        }

        return Transport.Send(_parts, segmentCount + 1);
    }

    public void Dispose()
    {
        NativeMemory.Free(_parts);
        NativeMemory.Free(_segments);
    }
}

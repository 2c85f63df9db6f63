using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Session.Rings;

/// <summary>One entry of a queue of FUSE over io_uring, and the reader that serves it: a reply and the wait for the next request are one call.</summary>
/// <remarks><para>Its requests lie where those of the classic channel do, without a copy: the kernel puts all but the first argument where the data of a write has
/// its place, and what comes before is set in front of it. The reply goes to the same bytes, so it is made elsewhere and copied last.</para>
/// <para>Every request that was received is answered: one that nobody answered gets EIO when the next is asked for. Used by its reader only.</para></remarks>
/// <param name="ring">The reader's own. Owned from here on.</param>
/// <param name="device">The number of the channel to the kernel, which outlives this.</param>
/// <param name="queue">The processor whose requests it takes.</param>
/// <param name="isLate">The queue may hold requests already that no entry was left for. The kernel does not give them to an entry that is added, only to one
/// that has served another request: <see cref="AskForOne"/>.</param>
internal sealed unsafe class RingTransport(CommandRing ring, int device, int queue, bool isLate) : ITransport
{
    private const int HeadersOffset = 2 * 16;
    private const int MaxPayloadBytes = Options.MountOptions.MaxTransferBytes + (2 * 4096);

    /// <summary>Of the request that is asked for; no request of a client has such a number.</summary>
    private const ulong RetrieveUnique = 1UL << 62;

    private readonly IoVector* _places = (IoVector*)NativeMemory.AlignedAlloc((nuint)(HeadersOffset + sizeof(RingHeaders)), 64);
    private byte* _payload;
    private ulong _commitId;
    private State _state = State.Unregistered;
    private bool _isAnswered;
    private bool _isDisposed;

    private enum State
    {
        Unregistered,

        /// <summary>The kernel has the entry.</summary>
        Waiting,

        /// <summary>A request lies in it.</summary>
        InWork,
    }

    public int Queue => queue;

    public bool IsLate => isLate;

    /// <summary>The kernel took the entry: requests come.</summary>
    public bool IsRegistered { get; private set; }

    public bool HasRequest => false;

    private RingHeaders* Headers => (RingHeaders*)((byte*)_places + HeadersOffset);

    /// <summary>The calling thread is the reader.</summary>
    /// <returns>What the kernel says.</returns>
    public Errno Begin(byte* buffer)
    {
        _payload = buffer + sizeof(InHeader) + sizeof(WriteIn);
        *Headers = default;
        _places[0] = new IoVector(Headers, (nuint)sizeof(RingHeaders));
        _places[1] = new IoVector(_payload, MaxPayloadBytes);
        Errno enabled = ring.Enable();
        if (enabled != Errno.Success || !isLate)
        {
            return enabled;
        }

        Register();
        return ring.SubmitAndWait(waits: false);
    }

    /// <summary>Has the kernel send a request that is queued on the calling thread's processor: what it has cached of the first no bytes of a file.</summary>
    /// <returns>EINVAL, ENOENT: not with this file; it has to be a regular one that the kernel holds.</returns>
    public Errno AskForOne(InodeNumber inode)
    {
        byte* message = stackalloc byte[sizeof(OutHeader) + sizeof(NotifyRetrieveOut)];
        *(OutHeader*)message = new OutHeader { Length = (uint)(sizeof(OutHeader) + sizeof(NotifyRetrieveOut)), Error = (int)NotifyCode.Retrieve };
        *(NotifyRetrieveOut*)(message + sizeof(OutHeader)) = new NotifyRetrieveOut { Unique = RetrieveUnique, Inode = inode.Value };
        return Libc.Outcome(Libc.UncancelledWrite(device, message, (nuint)(sizeof(OutHeader) + sizeof(NotifyRetrieveOut))));
    }

    public Errno Receive(byte* buffer, int capacityBytes, out byte* request, out int lengthBytes)
    {
        request = buffer;
        lengthBytes = 0;
        switch (_state)
        {
            case State.Unregistered:
                Register();
                break;
            case State.InWork:
                CommitAndFetch();
                break;
            default:
                break;
        }

        RingCompletion completion;
        while (!ring.TryTake(out completion))
        {
            Errno waited = ring.SubmitAndWait();
            if (waited is not (Errno.Success or Errno.EINTR))
            {
                return waited;
            }
        }

        if (completion.res == -(int)Errno.ENOENT)
        {
            // The request is none of the kernel's any more: the entry neither. A new one takes its place.
            _state = State.Unregistered;
            return Errno.ENOENT;
        }

        if (completion.res < 0)
        {
            return (Errno)(-completion.res);
        }

        IsRegistered = true;
        _state = State.InWork;
        _isAnswered = false;
        RingHeaders* headers = Headers;
        _commitId = headers->Entry.CommitId;
        InHeader* header = (InHeader*)headers->InOut;
        long firstBytes = (long)header->Length - sizeof(InHeader) - headers->Entry.PayloadBytes;
        if (headers->Entry.PayloadBytes > MaxPayloadBytes || firstBytes is < 0 or > RingHeaders.OpInBytes)
        {
            // Nothing that a kernel sends: the dispatcher drops what is too short, and the next call answers it.
            return Errno.Success;
        }

        request = _payload - firstBytes - sizeof(InHeader);
        *(InHeader*)request = *header;
        new ReadOnlySpan<byte>(headers->OpIn, (int)firstBytes).CopyTo(new Span<byte>(request + sizeof(InHeader), (int)firstBytes));
        lengthBytes = (int)header->Length;
        return Errno.Success;
    }

    public Errno Send(IoVector* parts, int partCount)
    {
        OutHeader* reply = (OutHeader*)parts[0].Start;
        if (_state != State.InWork || reply->Unique != ((InHeader*)Headers->InOut)->Unique || _isAnswered)
        {
            return Errno.ENOENT;
        }

        int bodyBytes = (int)parts[0].LengthBytes - sizeof(OutHeader);
        int lengthBytes = (int)reply->Length - sizeof(OutHeader);
        if (bodyBytes < 0 || lengthBytes < bodyBytes || lengthBytes > MaxPayloadBytes)
        {
            return Errno.EINVAL;
        }

        new ReadOnlySpan<byte>(reply + 1, bodyBytes).CopyTo(new Span<byte>(_payload, bodyBytes));
        if (partCount > 1 && !TryGather(parts + 1, partCount - 1, _payload + bodyBytes, lengthBytes - bodyBytes))
        {
            Answer(Errno.EIO, 0);
            return Errno.EFAULT;
        }

        Answer((Errno)(-reply->Error), lengthBytes);
        return Errno.Success;
    }

    /// <summary>Only when its reader has ended or never began.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        ring.Dispose();
        NativeMemory.AlignedFree(_places);
    }

    /// <summary>By the kernel, which says where a page of the volume cannot be read; a copy in this process would be its end.</summary>
    private static bool TryGather(IoVector* parts, int count, byte* target, int lengthBytes)
    {
        IoVector local = new(target, (nuint)lengthBytes);
        return lengthBytes == 0 || Libc.process_vm_readv(Environment.ProcessId, &local, 1, parts, (nuint)count, 0) == lengthBytes;
    }

    private void Answer(Errno error, int payloadBytes)
    {
        RingHeaders* headers = Headers;
        ulong unique = ((InHeader*)headers->InOut)->Unique;
        *(OutHeader*)headers->InOut = new OutHeader { Length = (uint)(sizeof(OutHeader) + payloadBytes), Error = -(int)error, Unique = unique };
        headers->Entry.PayloadBytes = (uint)payloadBytes;
        _isAnswered = true;
    }

    private void Register()
    {
        RingCommand* command = Command(RingOperation.Register, 0);
        command->addr = (ulong)_places;
        command->len = 2;
        ring.Submit();
    }

    private void CommitAndFetch()
    {
        if (!_isAnswered)
        {
            Answer(Errno.EIO, 0);
        }

        _ = Command(RingOperation.CommitAndFetch, _commitId);
        ring.Submit();
    }

    private RingCommand* Command(RingOperation operation, ulong commitId)
    {
        RingCommand* command = ring.NextCommand();
        command->opcode = Libc.IORING_OP_URING_CMD;
        command->fd = device;
        command->cmd_op = (uint)operation;
        RingCommandIn* own = (RingCommandIn*)command->cmd;
        own->CommitId = commitId;
        own->Queue = (ushort)queue;
        _state = State.Waiting;
        return command;
    }
}

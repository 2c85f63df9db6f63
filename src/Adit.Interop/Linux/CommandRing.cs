using System.Diagnostics.CodeAnalysis;

namespace Adit.Interop.Linux;

/// <summary>An io_uring that carries commands to a driver: one thread submits them and takes their completions.</summary>
/// <remarks><para>It is made by any thread and belongs to the one that calls <see cref="Enable"/>. What the kernel has to do for a completion it
/// does only inside <see cref="SubmitAndWait"/> (DEFER_TASKRUN): no other system call of the thread is cut short for it.</para>
/// <para>Allocates nothing after it was made.</para></remarks>
public sealed unsafe class CommandRing : IDisposable
{
    private readonly FileDescriptor _ring;
    private readonly int _number;
    private readonly byte* _area;
    private readonly nuint _areaBytes;
    private readonly RingCommand* _commands;
    private readonly nuint _commandsBytes;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint _submissionMask;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _completionMask;
    private readonly RingCompletion* _completions;
    private bool _isDisposed;

    private CommandRing(FileDescriptor ring, in RingParameters parameters, byte* area, nuint areaBytes, RingCommand* commands, nuint commandsBytes)
    {
        _ring = ring;
        _number = ring.DangerousNumber;
        _area = area;
        _areaBytes = areaBytes;
        _commands = commands;
        _commandsBytes = commandsBytes;
        _submissionHead = (uint*)(area + parameters.sq_off.head);
        _submissionTail = (uint*)(area + parameters.sq_off.tail);
        _submissionMask = *(uint*)(area + parameters.sq_off.ring_mask);
        _completionHead = (uint*)(area + parameters.cq_off.head);
        _completionTail = (uint*)(area + parameters.cq_off.tail);
        _completionMask = *(uint*)(area + parameters.cq_off.ring_mask);
        _completions = (RingCompletion*)(area + parameters.cq_off.cqes);
        uint* places = (uint*)(area + parameters.sq_off.array);
        for (uint index = 0; index <= _submissionMask; index++)
        {
            places[index] = index;
        }
    }

    /// <summary>Makes a ring.</summary>
    /// <param name="entries">How many commands can wait to be handed over.</param>
    /// <param name="ring">The ring on success.</param>
    /// <returns>ENOSYS, EINVAL: the kernel has no such rings; EPERM: this process may not have one.</returns>
    public static Errno TryCreate(uint entries, [NotNullWhen(true)] out CommandRing? ring)
    {
        ring = null;
        RingParameters parameters = new()
        {
            flags = Libc.IORING_SETUP_SQE128 | Libc.IORING_SETUP_SINGLE_ISSUER | Libc.IORING_SETUP_DEFER_TASKRUN | Libc.IORING_SETUP_R_DISABLED,
        };
        FileDescriptor descriptor = new(Libc.io_uring_setup(entries, &parameters));
        if (descriptor.IsInvalid)
        {
            Errno refused = Libc.LastError;
            descriptor.Dispose();
            return refused;
        }

        if ((parameters.features & Libc.IORING_FEAT_SINGLE_MMAP) == 0)
        {
            descriptor.Dispose();
            return Errno.EINVAL;
        }

        nuint areaBytes = Math.Max(
            parameters.sq_off.array + ((nuint)parameters.sq_entries * sizeof(uint)),
            parameters.cq_off.cqes + ((nuint)parameters.cq_entries * (nuint)sizeof(RingCompletion)));
        nuint commandsBytes = parameters.sq_entries * (nuint)sizeof(RingCommand);
        Errno mapped = Map(descriptor, areaBytes, Libc.IORING_OFF_SQ_RING, out void* area);
        if (mapped == Errno.Success)
        {
            mapped = Map(descriptor, commandsBytes, Libc.IORING_OFF_SQES, out void* commands);
            if (mapped == Errno.Success)
            {
                ring = new CommandRing(descriptor, parameters, (byte*)area, areaBytes, (RingCommand*)commands, commandsBytes);
                return Errno.Success;
            }

            Libc.munmap(area, areaBytes);
        }

        descriptor.Dispose();
        return mapped;
    }

    /// <summary>From now on the calling thread alone submits and waits.</summary>
    public Errno Enable() => Libc.Outcome(Libc.io_uring_register(_number, Libc.IORING_REGISTER_ENABLE_RINGS, null, 0));

    /// <summary>The place of the next command, all zero; <see cref="Submit"/> puts it into the queue.</summary>
    public RingCommand* NextCommand()
    {
        uint tail = *_submissionTail;
        Invariant.That(tail - Volatile.Read(ref *_submissionHead) <= _submissionMask, "a command is handed over before the next one needs its place");
        RingCommand* command = &_commands[tail & _submissionMask];
        *command = default;
        return command;
    }

    /// <summary>The command is whole.</summary>
    public void Submit() => Volatile.Write(ref *_submissionTail, *_submissionTail + 1);

    /// <summary>Hands over what was submitted, and waits until a completion is there.</summary>
    /// <param name="waits">False: does not wait.</param>
    /// <returns>EINTR: handed over perhaps, and nothing is there yet; call again.</returns>
    public Errno SubmitAndWait(bool waits = true)
    {
        uint pending = *_submissionTail - Volatile.Read(ref *_submissionHead);
        return Libc.Outcome(Libc.io_uring_enter(_number, pending, waits ? 1u : 0, Libc.IORING_ENTER_GETEVENTS));
    }

    /// <summary>Takes the oldest completion.</summary>
    /// <returns>False: none is there.</returns>
    public bool TryTake(out RingCompletion completion)
    {
        uint head = *_completionHead;
        if (head == Volatile.Read(ref *_completionTail))
        {
            completion = default;
            return false;
        }

        completion = _completions[head & _completionMask];
        Volatile.Write(ref *_completionHead, head + 1);
        return true;
    }

    /// <summary>Not while a thread waits in it.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Libc.munmap(_commands, _commandsBytes);
        Libc.munmap(_area, _areaBytes);
        _ring.Dispose();
    }

    private static Errno Map(FileDescriptor ring, nuint lengthBytes, long offset, out void* start)
    {
        start = Libc.mmap(null, lengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED | Libc.MAP_POPULATE, ring.DangerousNumber, offset);
        return start == Libc.MAP_FAILED ? Libc.LastError : Errno.Success;
    }
}

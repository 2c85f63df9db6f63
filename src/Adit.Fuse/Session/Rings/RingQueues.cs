using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Session.Rings;

/// <summary>The readers of FUSE over io_uring: the kernel has a queue for each possible processor, and each of them needs at least one.</summary>
/// <remarks>All rings are made before the kernel is told that they will be used: from then on it lets nobody in until every queue has an entry.</remarks>
internal sealed unsafe class RingQueues : IDisposable
{
    /// <summary>Of all queues together. Below the number of channel areas, with room for readers of the classic channel.</summary>
    public const int MaxReaders = 112;

    /// <summary>Two, so that a request that waits does not hold up the next one of its processor.</summary>
    private const int UsualReadersPerQueue = 2;

    private readonly int _device;
    private readonly List<RingTransport> _first = [];

    private RingQueues(int device, int count)
    {
        _device = device;
        Count = count;
    }

    /// <summary>Queues are numbered from 0.</summary>
    public int Count { get; }

    /// <summary>One for each reader to start with.</summary>
    public IReadOnlyList<RingTransport> First => _first;

    /// <summary>Makes the rings.</summary>
    /// <param name="device">The channel to the kernel; outlives this.</param>
    /// <param name="readerCount">How many readers are wanted; 0: as many as are usual.</param>
    /// <param name="refusal">Why they cannot be.</param>
    public static RingQueues? TryPrepare(FileDescriptor device, int readerCount, out string? refusal)
    {
        int count = RingSupport.PossibleProcessorCount;
        refusal = RefusalOf(count);
        if (refusal is not null)
        {
            return null;
        }

        RingQueues queues = new(device.DangerousNumber, count);
        int wanted = readerCount > 0 ? readerCount : UsualReadersPerQueue * count;
        int perQueue = Math.Clamp(Math.Min(wanted, MaxReaders) / count, 1, UsualReadersPerQueue * 4);
        for (int index = 0; index < perQueue * count; index++)
        {
            Errno made = queues.TryAdd(index % count, isLate: false, out RingTransport? added);
            if (made != Errno.Success)
            {
                refusal = $"this process cannot make an io_uring: {made.Message()}{(made is Errno.EPERM or Errno.ENOSYS ? " (a container's rules, or the setting kernel.io_uring_disabled)" : "")}";
                queues.Dispose();
                return null;
            }

            queues._first.Add(added!);
        }

        return queues;
    }

    /// <summary>Makes one more ring.</summary>
    public Errno TryAdd(int queue, bool isLate, out RingTransport? added)
    {
        Errno made = CommandRing.TryCreate(entries: 2, out CommandRing? ring);
        added = ring is null ? null : new RingTransport(ring, _device, queue, isLate);
        return made;
    }

    /// <summary>Binds the calling thread to the processor of a queue: the kernel chooses the queue by the processor of who asks, and a switch between two
    /// threads of one processor takes a fraction of what it takes across two.</summary>
    public static bool TryBind(int processor)
    {
        const int Words = 64;
        ulong* mask = stackalloc ulong[Words];
        new Span<ulong>(mask, Words).Clear();
        mask[processor / 64] = 1UL << (processor % 64);
        return Libc.sched_setaffinity(0, Words * sizeof(ulong), mask) == 0;
    }

    /// <summary>Only of rings whose readers have ended or never began.</summary>
    public void Dispose()
    {
        foreach (RingTransport transport in _first)
        {
            transport.Dispose();
        }
    }

    private static string? RefusalOf(int count)
    {
        if (!RingSupport.IsSwitchedOn)
        {
            return RingSupport.WhyNotOffered;
        }

        if (count is 0 or > MaxReaders)
        {
            return $"it needs a reader for each possible processor, and this machine names {count}: no more than {MaxReaders} are provided for";
        }

        // As each read will do it.
        ulong probe = 1;
        ulong copy = 0;
        IoVector from = new(&probe, sizeof(ulong));
        IoVector to = new(&copy, sizeof(ulong));
        if (Libc.process_vm_readv(Environment.ProcessId, &to, 1, &from, 1, 0) != sizeof(ulong))
        {
            return $"this process may not use process_vm_readv: {Libc.LastError.Message()}";
        }

        string? refusal = null;
        Thread thread = new(() =>
        {
            for (int processor = 0; processor < count && refusal is null; processor++)
            {
                if (RingSupport.IsOnline(processor) && !TryBind(processor))
                {
                    refusal = $"this process may not run on processor {processor}, whose requests it would have to take";
                }
            }
        });
        thread.Start();
        thread.Join();
        return refusal;
    }
}

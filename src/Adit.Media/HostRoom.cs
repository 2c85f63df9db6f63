using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Interop.Locking;

namespace Adit.Media;

/// <summary>The host file system's promise of room behind a mapped file, taken 2 MiB at a time before the range is
/// used: a full host disk is then an error code here and never a SIGBUS in the middle of a store.</summary>
/// <remarks>Thread-safe; asking again for what is there costs one load per 2 MiB and allocates nothing.</remarks>
internal sealed class HostRoom(FileDescriptor file, long lengthBytes)
{
    private const int UnitShift = 21;

    private readonly RankedLock _lock = new(LockRank.Medium);
    private readonly ulong[] _reserved = new ulong[(lengthBytes >> UnitShift >> 6) + 1];

    /// <summary>Called with each range that has just been given room, under the lock.</summary>
    public Action<long, long>? OnReserved { get; init; }

    /// <summary>Takes room for every 2 MiB unit that the range touches.</summary>
    /// <returns>ENOSPC or EDQUOT when the host is full; what was taken until then stays taken.</returns>
    public Errno Reserve(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return Errno.Success;
        }

        long last = (offsetBytes + lengthBytes - 1) >> UnitShift;
        for (long unit = offsetBytes >> UnitShift; unit <= last; unit++)
        {
            if (!IsReserved(unit))
            {
                return ReserveMissing(unit, last);
            }
        }

        return Errno.Success;
    }

    /// <summary>Gives back the room behind the whole pages of a range. Best effort.</summary>
    public void Discard(long offsetBytes, long lengthBytes)
    {
        long mask = Environment.SystemPageSize - 1;
        long from = (offsetBytes + mask) & ~mask;
        long to = (offsetBytes + lengthBytes) & ~mask;
        if (to <= from)
        {
            return;
        }

        using (_lock.Enter())
        {
            // A unit with a hole in it has to be asked for again, and is from this moment on.
            for (long unit = from >> UnitShift; unit <= (to - 1) >> UnitShift; unit++)
            {
                Interlocked.And(ref _reserved[unit >> 6], ~(1UL << (int)unit));
            }

            // Room that the host does not take back stays taken: nothing is lost.
            _ = Libc.fallocate(file, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, from, to - from);
        }
    }

    private bool IsReserved(long unit) => (Volatile.Read(ref _reserved[unit >> 6]) & (1UL << (int)unit)) != 0;

    private Errno ReserveMissing(long unit, long last)
    {
        using (_lock.Enter())
        {
            while (unit <= last)
            {
                if (IsReserved(unit))
                {
                    unit++;
                    continue;
                }

                long end = unit + 1;
                while (end <= last && !IsReserved(end))
                {
                    end++;
                }

                Errno outcome = Allocate(unit << UnitShift, Math.Min(end << UnitShift, lengthBytes));
                if (outcome != Errno.Success)
                {
                    return outcome;
                }

                for (; unit < end; unit++)
                {
                    Interlocked.Or(ref _reserved[unit >> 6], 1UL << (int)unit);
                }
            }
        }

        return Errno.Success;
    }

    private Errno Allocate(long from, long to)
    {
        Errno outcome;
        do
        {
            outcome = Libc.Outcome(Libc.fallocate(file, Libc.FALLOC_FL_KEEP_SIZE, from, to - from));
        }
        while (outcome == Errno.EINTR);

        if (outcome == Errno.ENOTSUP)
        {
            outcome = IsFullyAllocated() ? Errno.Success : Errno.ENOTSUP;
        }

        if (outcome == Errno.Success)
        {
            OnReserved?.Invoke(from, to - from);
        }

        return outcome;
    }

    /// <summary>On a host without fallocate only a file written in full has its room.</summary>
    private bool IsFullyAllocated() =>
        Libc.Stat(file, out StatxBuffer attributes) == Errno.Success && attributes.stx_blocks * 512 >= (ulong)lengthBytes;
}

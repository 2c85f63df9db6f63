using Adit.Nodes;

namespace Adit;

/// <summary>The time that time stamps are made of. Like the kernel's own file systems it moves with the tick (a few
/// milliseconds): asking the exact clock would cost a fair part of a durable write. Thread-safe; allocates nothing.</summary>
internal sealed class CoarseClock(TimeProvider time)
{
    private readonly bool _isSystem = ReferenceEquals(time, TimeProvider.System);
    private long _tickMs = long.MinValue;
    private long _utcTicks;

    public Timestamp Now()
    {
        long ticks = UtcTicks() - DateTime.UnixEpoch.Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        if (rest < 0)
        {
            seconds--;
            rest += TimeSpan.TicksPerSecond;
        }

        return new Timestamp(seconds, (uint)(rest * TimeSpan.NanosecondsPerTick));
    }

    private long UtcTicks()
    {
        if (!_isSystem)
        {
            return time.GetUtcNow().UtcTicks;
        }

        // The tick is published after its time: who sees the tick sees that time, or a later one.
        long tickMs = Environment.TickCount64;
        if (Volatile.Read(ref _tickMs) != tickMs)
        {
            Volatile.Write(ref _utcTicks, DateTime.UtcNow.Ticks);
            Volatile.Write(ref _tickMs, tickMs);
        }

        return Volatile.Read(ref _utcTicks);
    }
}

using System.Collections.Immutable;
using Adit.Fuse.Handlers;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;

namespace Adit.Fuse;

/// <summary>What a mount's server did so far, and what it holds now.</summary>
/// <param name="Requests">How many of each kind were served.</param>
/// <param name="OpenFileCount">Files open now.</param>
/// <param name="KnownInodeCount">Inodes that the kernel holds now.</param>
/// <param name="LookupCount">How often, in all, it holds them: once for each entry that it got and has not given back.</param>
/// <param name="TotalRequestCount">Requests of all servers of this mount; those that were served twice count twice.</param>
/// <param name="RepeatedRequestCount">Those among them that the kernel sent again to a server that took over.</param>
/// <param name="NotificationCount">Notifications that the kernel took.</param>
/// <param name="AllocatedBytes">Managed memory that the process has allocated since it began; serving requests adds nothing.</param>
/// <param name="ManagedBytes">Managed memory in use now, what the next collection frees included.</param>
public sealed record MountStatistics(
    ImmutableSortedDictionary<string, long> Requests,
    int OpenFileCount,
    long KnownInodeCount,
    long LookupCount,
    long TotalRequestCount,
    long RepeatedRequestCount,
    long NotificationCount,
    long AllocatedBytes,
    long ManagedBytes)
{
    /// <summary>How many of the requests came over io_uring.</summary>
    public long RingRequestCount { get; init; }

    internal static MountStatistics Of(FuseSession session)
    {
        ImmutableSortedDictionary<string, long>.Builder requests = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        long ringCount = 0;
        for (int opcode = 0; opcode < Dispatcher.OpcodeCount; opcode++)
        {
            long count = 0;
            foreach (ReaderChannel channel in session.Channels)
            {
                long served = channel.CountOf((Opcode)opcode);
                count += served;
                ringCount += channel.Queue >= 0 ? served : 0;
            }

            if (count != 0)
            {
                requests.Add(Enum.GetName((Opcode)opcode) ?? $"opcode {opcode}", count);
            }
        }

        (long total, long repeated) = session.Memory.CountRequests();
        return new MountStatistics(
            requests.ToImmutable(),
            session.Handles.OpenCount,
            session.Lookups.InodeCount,
            session.Lookups.Total,
            total,
            repeated,
            session.Notifier.SentCount,
            GC.GetTotalAllocatedBytes(),
            GC.GetTotalMemory(forceFullCollection: false))
        {
            RingRequestCount = ringCount,
        };
    }
}

using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Dax.Views;

/// <summary>Finds the pages of a mapping that were stored to, with the kernel's asynchronous write protection: a store to a
/// protected page lifts the protection within the fault, in the kernel, and goes on; a scan reads which pages those are and
/// protects them again. No thread of ours runs for a fault to finish, so no garbage collection can wait for one.</summary>
/// <remarks>
/// Thread-safe; one for the process, for as long as it lives. Memory is unwatched by unmapping it or mapping over it.
/// Exact by page: a page is told if it was stored to since it was last told, by this process's code or by the kernel on its behalf
/// (read(2) into it). Two things are not seen: what others store to the same file, and what a device still writes into a page
/// that it was given before the scan (direct I/O in flight).
/// Where huge pages map the memory the unit is 2 MiB: the first store to one is told as all of it.
/// </remarks>
internal sealed unsafe class StoreTracker
{
    private static readonly Lazy<(StoreTracker? Tracker, string? Refusal)> _shared = new(Probe);

    private readonly FileDescriptor _faults;
    private readonly PageScanner _scanner;

    private StoreTracker(FileDescriptor faults, PageScanner scanner)
    {
        _faults = faults;
        _scanner = scanner;
    }

    /// <summary>The process's own, or null where the kernel has no such thing or grants it to nobody like us.</summary>
    public static StoreTracker? Shared => _shared.Value.Tracker;

    /// <summary>Why <see cref="Shared"/> is null, and what would help.</summary>
    public static string? Refusal => _shared.Value.Refusal;

    /// <summary>Begins to watch memory that was just mapped. Nothing in it counts as stored to then.</summary>
    /// <remarks>Stores that race with this call may be missed: the memory must not be known to others yet, or be taken as stored to.</remarks>
    /// <returns>EINVAL: memory of a kind that cannot be watched; ENOMEM.</returns>
    public Errno Watch(byte* start, long lengthBytes)
    {
        UserFaultRegistration registration = new()
        {
            range_start = (ulong)start,
            range_len = (ulong)lengthBytes,
            mode = UserFault.UFFDIO_REGISTER_MODE_WP,
        };
        Errno outcome = Libc.Outcome(Libc.ioctl(_faults.DangerousNumber, UserFault.UFFDIO_REGISTER, &registration));
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        // Pages that are not there yet count as stored to until a scan has left its mark in their place.
        Nothing nothing = default;
        return Collect(start, lengthBytes, ref nothing);
    }

    /// <summary>Reports the pages that were stored to since the last call, and takes write access back from them first. Whoever
    /// stores meanwhile is either in this report or in the next.</summary>
    /// <returns>An error: some pages may be lost to the report, so all of the range must be taken as stored to.</returns>
    public Errno Collect<TRuns>(byte* start, long lengthBytes, ref TRuns runs)
        where TRuns : IPageRuns, allows ref struct => _scanner.Scan(
            start,
            lengthBytes,
            PagemapScan.PAGE_IS_WRITTEN,
            PagemapScan.PM_SCAN_WP_MATCHING | PagemapScan.PM_SCAN_CHECK_WPASYNC,
            ref runs);

    private static (StoreTracker? Tracker, string? Refusal) Probe()
    {
        const string Consequence = "A flush writes back all of each writable view.";
        if (PageScanner.Shared is not { } scanner)
        {
            return (null, $"Stores through views are not tracked: the kernel has no PAGEMAP_SCAN (it came with Linux 6.7). {Consequence}");
        }

        Errno outcome = Open(out FileDescriptor? faults);
        if (faults is null)
        {
            return (null, $"Stores through views are not tracked: the kernel refuses userfaultfd: {outcome.Message()}. " +
                $"(In a container its seccomp profile may do that.) {Consequence}");
        }

        StoreTracker tracker = new(faults, scanner);
        if (tracker.FindsStores())
        {
            return (tracker, null);
        }

        faults.Dispose();
        return (null, $"Stores through views are not tracked: the kernel's write tracking misses stores. {Consequence}");
    }

    /// <summary>Tries the ways in, the one that takes no privilege first.</summary>
    private static Errno Open(out FileDescriptor? faults)
    {
        const int Flags = OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK;
        faults = Libc.userfaultfd(Flags | UserFault.UFFD_USER_MODE_ONLY);
        Errno outcome = faults.IsInvalid ? Libc.LastError : Errno.Success;
        if (outcome != Errno.Success)
        {
            faults.Dispose();
            using FileDescriptor device = Libc.open("/dev/userfaultfd", OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC, 0);
            faults = new FileDescriptor(device.IsInvalid ? -1 : Libc.ioctl(device.DangerousNumber, UserFault.USERFAULTFD_IOC_NEW, (void*)Flags));
            outcome = faults.IsInvalid ? outcome : Errno.Success;
        }

        if (outcome == Errno.Success)
        {
            UserFaultApi api = new()
            {
                api = UserFault.UFFD_API,
                features = UserFault.UFFD_FEATURE_WP_ASYNC | UserFault.UFFD_FEATURE_WP_UNPOPULATED,
            };
            outcome = Libc.Outcome(Libc.ioctl(faults.DangerousNumber, UserFault.UFFDIO_API, &api));
        }

        if (outcome != Errno.Success)
        {
            faults.Dispose();
            faults = null;
        }

        return outcome;
    }

    /// <summary>Tries it on three pages of shared memory: a kernel that pretends is worse than one that refuses.</summary>
    private bool FindsStores()
    {
        long page = Environment.SystemPageSize;
        nuint length = (nuint)(3 * page);
        byte* memory = (byte*)Libc.mmap(
            null, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED | Libc.MAP_ANONYMOUS, -1, 0);
        if (memory == Libc.MAP_FAILED)
        {
            return false;
        }

        memory[0] = 1;
        Extent first = default;
        Extent second = default;
        Errno outcome = Watch(memory, 3 * page);
        Volatile.Write(ref memory[page], 1);
        _ = Volatile.Read(ref memory[2 * page]);
        outcome = outcome != Errno.Success ? outcome : Collect(memory, 3 * page, ref first);
        outcome = outcome != Errno.Success ? outcome : Collect(memory, 3 * page, ref second);
        Libc.munmap(memory, length);
        long pagesEach = page >> Layouts.PageIndex.PageShift;
        return outcome == Errno.Success && first == new Extent(pagesEach, pagesEach) && second == default;
    }

    private record struct Extent(long First, long Count) : IPageRuns
    {
        public void Add(long firstPage, long pageCount) => this = new Extent(Count == 0 ? firstPage : First, Count + pageCount);
    }

    private struct Nothing : IPageRuns
    {
        public readonly void Add(long firstPage, long pageCount)
        {
        }
    }
}

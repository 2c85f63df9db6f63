using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Dax.Views;

/// <summary>Asks the kernel which pages of this process's memory are written, present or huge, and takes write access back from
/// the written ones in the same step.</summary>
/// <remarks>Thread-safe. Costs 2 to 5 ns for each page of 4 KiB that the range has, and as little for each 2 MiB that a huge page
/// maps. Allocates nothing.</remarks>
internal sealed unsafe class PageScanner
{
    private const int RegionsAtOnce = 128;

    private static readonly Lazy<PageScanner?> _shared = new(TryOpen);

    private readonly FileDescriptor _pagemap;

    private PageScanner(FileDescriptor pagemap) => _pagemap = pagemap;

    /// <summary>The process's own, or null on a kernel before 6.7.</summary>
    public static PageScanner? Shared => _shared.Value;

    /// <summary>Finds the pages that are in all of the given categories.</summary>
    /// <param name="start">A multiple of the system's page size.</param>
    /// <param name="lengthBytes">A multiple of the system's page size.</param>
    /// <param name="categories">PAGE_IS_ bits.</param>
    /// <param name="flags">PM_SCAN_ bits.</param>
    /// <param name="runs">Gets what is found, in order of address.</param>
    /// <returns>EPERM: with PM_SCAN_CHECK_WPASYNC, memory that is not watched. After an error write access may have been taken from
    /// pages that were not reported.</returns>
    public Errno Scan<TRuns>(byte* start, long lengthBytes, ulong categories, ulong flags, ref TRuns runs)
        where TRuns : IPageRuns, allows ref struct
    {
        PageRegion* regions = stackalloc PageRegion[RegionsAtOnce];
        PagemapScanArgument argument = new()
        {
            size = (ulong)sizeof(PagemapScanArgument),
            flags = flags,
            start = (ulong)start,
            end = (ulong)start + (ulong)lengthBytes,
            vec = (ulong)regions,
            vec_len = RegionsAtOnce,
            category_mask = categories,
            return_mask = categories,
        };
        while (argument.start < argument.end)
        {
            int count = Libc.ioctl(_pagemap.DangerousNumber, PagemapScan.PAGEMAP_SCAN, &argument);
            if (count < 0)
            {
                return Libc.LastError;
            }

            for (int i = 0; i < count; i++)
            {
                long first = (long)(regions[i].start - (ulong)start) >> PageIndex.PageShift;
                runs.Add(first, (long)(regions[i].end - regions[i].start) >> PageIndex.PageShift);
            }

            Invariant.That(argument.walk_end > argument.start);
            argument.start = argument.walk_end;
        }

        return Errno.Success;
    }

    /// <summary>How many bytes of a range are in all of the given categories.</summary>
    public long CountBytes(byte* start, long lengthBytes, ulong categories)
    {
        PageCount count = default;
        Errno outcome = Scan(start, lengthBytes, categories, flags: 0, ref count);
        Invariant.That(outcome == Errno.Success);
        return count.Pages << PageIndex.PageShift;
    }

    private static PageScanner? TryOpen()
    {
        FileDescriptor pagemap = Libc.open("/proc/self/pagemap", OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        if (!pagemap.IsInvalid)
        {
            // An empty range is enough to learn whether the call exists.
            PagemapScanArgument argument = new()
            {
                size = (ulong)sizeof(PagemapScanArgument),
                category_mask = PagemapScan.PAGE_IS_PRESENT,
                return_mask = PagemapScan.PAGE_IS_PRESENT,
            };
            if (Libc.ioctl(pagemap.DangerousNumber, PagemapScan.PAGEMAP_SCAN, &argument) == 0)
            {
                return new PageScanner(pagemap);
            }
        }

        pagemap.Dispose();
        return null;
    }

    private struct PageCount : IPageRuns
    {
        public long Pages;

        public void Add(long firstPage, long pageCount) => Pages += pageCount;
    }
}

using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary>What of <c>linux/fs.h</c> is used to ask about the pages of a mapping: the ioctl of <c>/proc/self/pagemap</c>
/// that finds pages by category and, in the same step, takes write access back from what it finds. Linux 6.7.</summary>
public static class PagemapScan
{
    public const uint PAGEMAP_SCAN = 0xC0606610;

    /// <summary>Write-protect what matches.</summary>
    public const ulong PM_SCAN_WP_MATCHING = 1;

    /// <summary>Fail with EPERM at memory that is not registered for asynchronous write protection, instead of skipping it.</summary>
    public const ulong PM_SCAN_CHECK_WPASYNC = 2;

    public const ulong PAGE_IS_WPALLOWED = 1 << 0;

    /// <summary>Not write-protected. A page that was never touched counts as written until a scan has protected it.</summary>
    public const ulong PAGE_IS_WRITTEN = 1 << 1;

    /// <summary>Backed by a file or shared memory, not by a private copy.</summary>
    public const ulong PAGE_IS_FILE = 1 << 2;

    public const ulong PAGE_IS_PRESENT = 1 << 3;
    public const ulong PAGE_IS_SWAPPED = 1 << 4;
    public const ulong PAGE_IS_PFNZERO = 1 << 5;

    /// <summary>Mapped by an entry of 2 MiB.</summary>
    public const ulong PAGE_IS_HUGE = 1 << 6;
}

/// <summary><c>struct page_region</c>: a run of pages of the same categories.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct PageRegion
{
    [FieldOffset(0)] public ulong start;
    [FieldOffset(8)] public ulong end;
    [FieldOffset(16)] public ulong categories;
}

/// <summary><c>struct pm_scan_arg</c>. Addresses are multiples of the page size.</summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
public struct PagemapScanArgument
{
    [FieldOffset(0)] public ulong size;
    [FieldOffset(8)] public ulong flags;
    [FieldOffset(16)] public ulong start;
    [FieldOffset(24)] public ulong end;

    /// <summary>Where the kernel stopped: before <see cref="end"/> when the vector is full.</summary>
    [FieldOffset(32)] public ulong walk_end;

    [FieldOffset(40)] public ulong vec;
    [FieldOffset(48)] public ulong vec_len;
    [FieldOffset(56)] public ulong max_pages;
    [FieldOffset(64)] public ulong category_inverted;
    [FieldOffset(72)] public ulong category_mask;
    [FieldOffset(80)] public ulong category_anyof_mask;
    [FieldOffset(88)] public ulong return_mask;
}

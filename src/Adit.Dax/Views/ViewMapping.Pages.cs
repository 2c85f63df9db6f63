using Adit.Interop.Linux;

namespace Adit.Dax.Views;

/// <content>How the hardware maps it.</content>
internal sealed unsafe partial class ViewMapping
{
    /// <summary>Bytes that entries of 2 MiB map at this moment, or null on a kernel that does not tell.</summary>
    public long? HugeBytes => CountBytes(PagemapScan.PAGE_IS_HUGE);

    /// <summary>Bytes that have an entry in the page table at this moment, or null on a kernel that does not tell.</summary>
    public long? PresentBytes => CountBytes(PagemapScan.PAGE_IS_PRESENT);

    private long? CountBytes(ulong categories) =>
        PageScanner.Shared is { } scanner ? scanner.CountBytes(Start, Pages.LengthBytes, categories) : null;
}

using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;

namespace Adit.Dax.Views;

/// <summary>Whether 2 MiB of a view can be one entry of the page table, and why not.</summary>
internal static unsafe class HugePages
{
    private const string Settings = "/sys/kernel/mm/transparent_hugepage/";

    /// <summary>They cost nothing on a medium of this kind: its bytes are not written back by page.</summary>
    public static bool AreFree(Medium medium) => medium.Kind != MediumKind.File;

    /// <summary>Why a view that needs huge pages is refused before anything is mapped, or null.</summary>
    public static string? Refusal(Medium medium, ViewKind kind)
    {
        if (kind == ViewKind.ReadWrite && medium.Kind is MediumKind.File)
        {
            return $"{medium.Name}: the host writes a file back by page, and a store to a huge page makes all of its 2 MiB dirty. Map without Huge.";
        }

        if (kind == ViewKind.ReadWrite && medium.Kind is MediumKind.Pmem)
        {
            // The fault of a huge page of a DAX file gives write access back and leaves the tracker's mark as it was.
            return $"{medium.Name}: stores through huge pages of persistent memory cannot be tracked. Map without Huge.";
        }

        return PageScanner.Shared is null ? "The kernel does not tell which pages are huge (PAGEMAP_SCAN came with Linux 6.7)." : null;
    }

    /// <summary>Why a view has no huge pages, or null if it can. Looks at one aligned chunk, and reads it in for that.</summary>
    public static string? RefusalOf(ViewMapping view)
    {
        if (!view.WantsHugePages)
        {
            return "Huge pages were not asked for, and are not free here: stores are found by page, and a file is written back by page.";
        }

        if (!view.TryFindChunk(out byte* chunk))
        {
            return "No aligned 2 MiB of the view lie in an aligned 2 MiB of the medium.";
        }

        if (PageScanner.Shared is not { } scanner)
        {
            return "The kernel does not tell which pages are huge (PAGEMAP_SCAN came with Linux 6.7).";
        }

        // One load is enough for the kernel to choose the size of the entry.
        _ = Volatile.Read(ref *chunk);
        return scanner.CountBytes(chunk, ViewMapping.ChunkBytes, PagemapScan.PAGE_IS_HUGE) != 0
            ? null
            : "The host has put small pages there. Huge pages are: for shared memory, " + Setting("shmem_enabled") +
                "; for a tmpfs, its mount option huge=; for all, " + Setting("enabled") + ".";
    }

    private static string Setting(string name) =>
        File.Exists(Settings + name) ? $"{Settings}{name} = {File.ReadAllText(Settings + name).Trim()}" : $"{Settings}{name}, which this kernel lacks";
}

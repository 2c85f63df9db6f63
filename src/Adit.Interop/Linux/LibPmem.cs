using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary>The few functions of libpmem (PMDK) in use. The library is optional: it is looked for once.</summary>
public static unsafe class LibPmem
{
    private static readonly nint Library = Load();

    /// <summary>Starts the write-back of the cache lines of a range: <c>void pmem_flush(const void *, size_t)</c>.
    /// Null without libpmem.</summary>
    /// <remarks>A loop of one instruction per line that cannot block, call back or fail: no GC transition.</remarks>
    public static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void> pmem_flush =
        (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void>)Find("pmem_flush");

    private static readonly delegate* unmanaged[Cdecl]<int> pmem_has_auto_flush =
        (delegate* unmanaged[Cdecl]<int>)Find("pmem_has_auto_flush");

    public static bool IsPresent => Library != 0;

    /// <summary>The platform keeps what is in the caches through power loss (eADR). False without libpmem.</summary>
    public static bool HasAutoFlush => pmem_has_auto_flush != null && pmem_has_auto_flush() == 1;

    private static nint Load() => NativeLibrary.TryLoad("libpmem.so.1", out nint library) ? library : 0;

    private static nint Find(string name) =>
        Library != 0 && NativeLibrary.TryGetExport(Library, name, out nint address) ? address : 0;
}

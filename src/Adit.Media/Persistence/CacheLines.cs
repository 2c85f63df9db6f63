using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Adit.Interop.Linux;

namespace Adit.Media.Persistence;

/// <summary>Writes cache lines back to memory without taking anybody's stores away: unlike storing the same bytes
/// again past the cache, it is safe beside threads that store to the same lines.</summary>
/// <remarks>.NET has no instruction for it. libpmem has; where it is missing, x86-64 needs 25 bytes of machine code.
/// Thread-safe.</remarks>
internal static unsafe class CacheLines
{
    public const int SizeBytes = 64;

    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void> Instruction = Choose();

    /// <summary>This machine can write lines back.</summary>
    public static bool CanWriteBack => Instruction != null;

    /// <summary>Starts writing back every line that the range touches. They are back after the next store fence.</summary>
    /// <param name="start">Any address.</param>
    /// <param name="lengthBytes">At least 1.</param>
    public static void WriteBack(byte* start, nuint lengthBytes) => Instruction(start, lengthBytes);

    private static delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void> Choose()
    {
        if (LibPmem.pmem_flush != null)
        {
            return LibPmem.pmem_flush;
        }

        return X86Base.X64.IsSupported
            ? (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void>)Assemble()
            : null;
    }

    /// <summary>void write_back(char *start, size_t length): one instruction per line, the best that the processor has.</summary>
    /// <returns>Its address, or null where memory cannot be made executable.</returns>
    internal static void* Assemble()
    {
        (_, int features, _, _) = X86Base.CpuId(7, 0);
        bool hasClwb = (features & (1 << 24)) != 0;
        bool hasClflushopt = (features & (1 << 23)) != 0;
        ReadOnlySpan<byte> line = hasClwb ? [0x66, 0x0F, 0xAE, 0x37]    // clwb [rdi]
            : hasClflushopt ? [0x66, 0x0F, 0xAE, 0x3F]                  // clflushopt [rdi]
            : [0x90, 0x0F, 0xAE, 0x3F];                                 // nop; clflush [rdi]
        ReadOnlySpan<byte> code =
        [
            0x48, 0x8D, 0x34, 0x37,             // lea rsi, [rdi+rsi]
            0x48, 0x83, 0xE7, 0xC0,             // and rdi, -64
            line[0], line[1], line[2], line[3], // next:
            0x48, 0x83, 0xC7, 0x40,             // add rdi, 64
            0x48, 0x39, 0xF7,                   // cmp rdi, rsi
            0x72, 0xF3,                         // jb next
            0xC3,                               // ret
        ];

        nuint page = (nuint)Environment.SystemPageSize;
        void* room = Libc.mmap(null, page, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        if (room == Libc.MAP_FAILED)
        {
            return null;
        }

        code.CopyTo(new Span<byte>(room, code.Length));
        if (Libc.mprotect(room, page, Libc.PROT_READ | Libc.PROT_EXEC) == 0)
        {
            return room;
        }

        Libc.munmap(room, page);
        return null;
    }
}

using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Reading and writing without being a cancellation point: in a process of several threads the C library's own functions
/// announce before each call that the thread may now be cancelled, and take it back behind it, with an interlocked change each. Nobody
/// cancels a thread of .NET.</content>
public static unsafe partial class Libc
{
    private static readonly long s_readNumber = NumberOf(x64: 0, generic: 63);
    private static readonly long s_writeNumber = NumberOf(x64: 1, generic: 64);
    private static readonly long s_writevNumber = NumberOf(x64: 20, generic: 66);

    /// <summary>As read(2).</summary>
    public static nint UncancelledRead(int fd, void* buffer, nuint count) =>
        s_readNumber < 0 ? read(fd, buffer, count) : syscall(s_readNumber, fd, buffer, count);

    /// <summary>As write(2).</summary>
    public static nint UncancelledWrite(int fd, void* buffer, nuint count) =>
        s_writeNumber < 0 ? write(fd, buffer, count) : syscall(s_writeNumber, fd, buffer, count);

    /// <summary>As writev(2).</summary>
    public static nint UncancelledWrite(int fd, IoVector* vectors, int count) =>
        s_writevNumber < 0 ? writev(fd, vectors, count) : syscall(s_writevNumber, fd, vectors, (nuint)count);

    /// <returns>-1 where the number is not known here.</returns>
    private static long NumberOf(long x64, long generic) => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => x64,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => generic,
        _ => -1,
    };

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint fd, void* address, nuint count);
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Adit.Interop.Linux;

/// <summary>The C library, under its own names, one family of functions per file. Each call returns what the C
/// function returns (-1 for a failure) and leaves the reason in <see cref="LastError"/>.</summary>
/// <remarks>Variadic functions (open, fcntl, ioctl) are declared with the arguments they are used with: on x86-64 and
/// on arm64 Linux, integer and pointer arguments pass the same way in both forms.</remarks>
public static unsafe partial class Libc
{
    private const string Library = "libc";

    /// <summary>Why the last call of this thread failed. Meaningful only right after a failure.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Turns a C result into the outcome: success unless it is -1.</summary>
    public static Errno Outcome(long result) => result == -1 ? LastError : Errno.Success;
}

using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>Processes and users.</content>
public static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    public static partial int kill(int pid, int signal);

    /// <summary>Copies memory of another process.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint process_vm_readv(int pid, IoVector* local, nuint localCount, IoVector* remote, nuint remoteCount, nuint flags);

    /// <summary>Starts a session of its own: no terminal, no signals of the caller's.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int setsid();

    /// <summary>Binds a thread to processors.</summary>
    /// <param name="thread">0 is the calling thread.</param>
    /// <param name="maskBytes">Length of the mask.</param>
    /// <param name="mask">A bit for each processor.</param>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int sched_setaffinity(int thread, nuint maskBytes, void* mask);

    // These only read a field of the process: they cannot block or fail.
    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial uint getuid();

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial uint geteuid();

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial uint getegid();

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial uint getgid();

    public const int SIGTERM = 15;
    public const int SIGKILL = 9;
}

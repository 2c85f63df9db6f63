using System.Globalization;
using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Bench.Mounts;

/// <summary>Which processors threads may run on. A request and its reply are two switches between processes: on one processor they take a
/// quarter of what they take across two, and a scheduler that changes its mind makes either case look like the other.</summary>
internal static unsafe class ProcessorBinding
{
    /// <summary>Binds the calling thread and the processes to the first processor, or lets them run everywhere.</summary>
    /// <remarks>Processes that the thread starts inherit its binding.</remarks>
    public static void Apply(bool isBound, IEnumerable<int> processes)
    {
        var mask = isBound ? 1UL : ulong.MaxValue >> Math.Max(0, 64 - Environment.ProcessorCount);
        Bind(0, mask);
        foreach (var process in processes)
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{process}/task"))
            {
                Bind(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), mask);
            }
        }
    }

    private static void Bind(int thread, ulong mask)
    {
        // A thread that has ended meanwhile needs no processor.
        if (Libc.sched_setaffinity(thread, sizeof(ulong), &mask) != 0 && Marshal.GetLastPInvokeError() != (int)Errno.ESRCH)
        {
            throw new InvalidOperationException($"thread {thread} cannot be bound: {(Errno)Marshal.GetLastPInvokeError()}");
        }
    }
}

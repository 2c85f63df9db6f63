using System.Globalization;

namespace Adit.Cli.Bench.Mounts;

/// <summary>What the compiler of a .NET process does in the background: it compiles methods again that turned out to be hot.</summary>
/// <remarks>Seen from outside, by the processor time of the thread that the runtime names after it: proc(5), schedstat.</remarks>
internal static class BackgroundCompiler
{
    /// <summary>As far as the kernel keeps the name.</summary>
    private const string ThreadName = ".NET Tiered Com";

    /// <summary>Nanoseconds that it has run; 0 while there is none, since it ends when it has long had nothing to do.</summary>
    public static long TimeOf(int processId)
    {
        long sum = 0;
        foreach (var task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(task, "comm")).StartsWith(ThreadName, StringComparison.Ordinal))
                {
                    sum += long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
                }
            }
            catch (IOException)
            {
                // The thread has ended since its directory was seen.
            }
        }

        return sum;
    }
}

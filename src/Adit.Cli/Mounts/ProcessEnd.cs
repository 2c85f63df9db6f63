using System.Diagnostics;
using Adit.Cli.CommandLine;
using Adit.Interop;

namespace Adit.Cli.Mounts;

/// <summary>Waits for the end of a process that is not a child of this one.</summary>
internal sealed class ProcessEnd : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly int _processId;
    private readonly string _startTime;

    private ProcessEnd(int processId)
    {
        _processId = processId;
        _startTime = StartTime(processId) ?? "";
    }

    /// <summary>Remembers which process has the number now, in case that it is given to another.</summary>
    public static ProcessEnd Watch(int processId) => new(processId);

    /// <exception cref="CommandFailure">It goes on for too long.</exception>
    public void Wait()
    {
        var waited = Stopwatch.StartNew();
        while (StartTime(_processId) is { } startTime && startTime == _startTime)
        {
            if (waited.Elapsed > Patience)
            {
                throw new CommandFailure($"the volume is closed, but process {_processId} does not end", ExitCode.Busy, Errno.EBUSY);
            }

            Thread.Sleep(2);
        }
    }

    public void Dispose()
    {
    }

    /// <summary>When a process started, in clock ticks, or null when it has ended (a zombie has).</summary>
    private static string? StartTime(int processId)
    {
        try
        {
            // The name in parentheses may hold anything, so fields are counted from its end.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}

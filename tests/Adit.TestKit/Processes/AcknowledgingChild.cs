using System.Diagnostics;

namespace Adit.TestKit.Processes;

/// <summary>A running <c>Adit.CrashChild</c>: a process that changes files and says, line by line, what it knows to be durable.
/// Its assembly lies beside the test's own. Dies when disposed.</summary>
public sealed class AcknowledgingChild : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly LineReader _acknowledged;
    private readonly LineReader _errors;

    private AcknowledgingChild(Process process)
    {
        _process = process;
        _acknowledged = new LineReader(process.StandardOutput);
        _errors = new LineReader(process.StandardError);
    }

    /// <summary>Returns when the child has acknowledged something.</summary>
    /// <exception cref="InvalidOperationException">It acknowledged nothing in time.</exception>
    public static AcknowledgingChild Start(params IEnumerable<string> arguments)
    {
        Process process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Adit.CrashChild.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        AcknowledgingChild child = new(process);
        process.StandardInput.Close();
        if (child._acknowledged.WaitForFirst(Patience))
        {
            return child;
        }

        child.Dispose();
        throw new InvalidOperationException($"the child acknowledged nothing in time: {child.Errors}");
    }

    /// <summary>Returns when the child has acknowledged so much.</summary>
    /// <exception cref="InvalidOperationException">It takes too long.</exception>
    public void WaitFor(int acknowledgements)
    {
        if (!_acknowledged.WaitForMany(acknowledgements, Patience))
        {
            throw new InvalidOperationException($"the child acknowledged {_acknowledged.Lines.Count} times only: {Errors}");
        }
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>What it wrote on its standard error.</summary>
    public string Errors => string.Join(' ', _errors.Lines);

    /// <summary>Kills it.</summary>
    /// <returns>All that it acknowledged.</returns>
    public IReadOnlyList<string> Kill()
    {
        _process.Kill();
        return WaitForEnd();
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>All that it acknowledged.</returns>
    /// <exception cref="InvalidOperationException">It goes on.</exception>
    public IReadOnlyList<string> WaitForEnd() =>
        _process.WaitForExit(Patience) && _acknowledged.WaitForEnd(Patience)
            ? _acknowledged.Lines
            : throw new InvalidOperationException("the child goes on");

    /// <summary>0: it ended in order.</summary>
    public int ExitCode => _process.ExitCode;

    public void Dispose()
    {
        _process.Kill();
        _acknowledged.Dispose();
        _errors.Dispose();
        _process.Dispose();
    }
}

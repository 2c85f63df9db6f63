using System.Diagnostics;
using System.Globalization;
using Adit.CrashChild.Soak;
using Adit.Interop.Linux;
using Adit.TestKit.Processes;

namespace Adit.Cli.Tests.Soak;

/// <summary>A client of the soak, its journal, and the process that it is now.</summary>
internal sealed class SoakClientProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly int _number;
    private readonly string _folder;
    private readonly string _journalPath;
    private readonly string _log;
    private Process? _process;
    private LineReader? _output;
    private LineReader? _errors;
    private Stopwatch _sinceProgress = Stopwatch.StartNew();
    private long _seenOperations;
    private int _seed;

    /// <param name="number">Of the client.</param>
    /// <param name="folder">Of its own, in the mount.</param>
    /// <param name="journal">Outside the mount.</param>
    /// <param name="log">What all clients append to, in the mount.</param>
    /// <param name="seed">Of its first process.</param>
    public SoakClientProcess(int number, string folder, string journal, string log, int seed)
    {
        _number = number;
        _folder = folder;
        _journalPath = journal;
        _log = log;
        _seed = seed;
        Journal = new SoakJournal(journal);
    }

    public SoakJournal Journal { get; }

    public int DeathCount { get; private set; }

    /// <summary>Has compared what there was, and changes it.</summary>
    public bool IsReady => Volatile.Read(ref Journal.Counters.IsReady) != 0;

    /// <summary>Starts a process that goes on where the one before was.</summary>
    public void Start()
    {
        Journal.Counters.IsReady = 0;
        Journal.Counters.IsToStop = 0;
        Launch();
    }

    /// <summary>Kills the process, whatever it does. One that waits for the mount dies when that answers.</summary>
    public void Kill()
    {
        _ = Libc.kill(_process!.Id, Libc.SIGKILL);
        DeathCount++;
    }

    /// <summary>Starts another process when the one before is dead.</summary>
    /// <returns>False: it is not yet.</returns>
    public bool TryRestart()
    {
        if (!_process!.HasExited)
        {
            return false;
        }

        Forget();
        _seed++;
        Start();
        return true;
    }

    /// <summary>What is wrong now, or null.</summary>
    /// <param name="isKilled">It was killed, and may be dead.</param>
    public string? FindFault(bool isKilled)
    {
        if (Journal.Failure is { } failure)
        {
            return failure;
        }

        if (!isKilled && _process!.HasExited)
        {
            return $"client {_number} ended with exit code {_process.ExitCode}: {string.Join(' ', _errors!.Lines)}";
        }

        var operations = Volatile.Read(ref Journal.Counters.OperationCount);
        if (operations != _seenOperations || isKilled)
        {
            _seenOperations = operations;
            _sinceProgress = Stopwatch.StartNew();
        }

        return _sinceProgress.Elapsed < Patience ? null : $"client {_number} makes no progress: it is at {(SoakOperation)Journal.Intent.Operation} or behind it";
    }

    /// <summary>Tells it to compare everything and to end.</summary>
    public void AskToStop() => Volatile.Write(ref Journal.Counters.IsToStop, 1);

    /// <returns>What went wrong, or null.</returns>
    public string? WaitForEnd()
    {
        var hasEnded = _process!.WaitForExit(Patience);
        var fault = Journal.Failure ?? (!hasEnded ? $"client {_number} does not end"
            : _process.ExitCode != 0 ? $"client {_number} ended with exit code {_process.ExitCode}: {string.Join(' ', _errors!.Lines)}"
            : null);
        if (!hasEnded)
        {
            Kill();
        }

        Forget();
        return fault;
    }

    /// <summary>Compares everything with the journal, and changes nothing.</summary>
    /// <returns>What is not as it should be, or null.</returns>
    public string? Compare()
    {
        AskToStop();
        Launch();
        return WaitForEnd();
    }

    /// <summary>A file with bytes in it, in the mount.</summary>
    public string AnyFile()
    {
        var slots = Journal.Slots.ToArray();
        var slot = Array.FindIndex(slots, slot => SoakSlot.IsFile(slot) && Journal.File(SoakSlot.Value(slot)).Length > 0);
        return Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"d{slot % SoakJournal.FolderCount}"), string.Create(CultureInfo.InvariantCulture, $"n{slot:00}"));
    }

    public void Dispose()
    {
        if (_process is not null)
        {
            _ = Libc.kill(_process.Id, Libc.SIGKILL);
            _process.WaitForExit(TimeSpan.FromSeconds(10));
            Forget();
        }

        Journal.Dispose();
    }

    private void Launch()
    {
        _process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Adit.CrashChild.dll"), "soak", _folder, _journalPath, _log,
                _number.ToString(CultureInfo.InvariantCulture), _seed.ToString(CultureInfo.InvariantCulture),
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.StandardInput.Close();
        _output = new LineReader(_process.StandardOutput);
        _errors = new LineReader(_process.StandardError);
        _sinceProgress = Stopwatch.StartNew();
    }

    private void Forget()
    {
        _output?.Dispose();
        _errors?.Dispose();
        _process?.Dispose();
        _process = null;
    }
}

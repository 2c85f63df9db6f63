using System.Runtime.ExceptionServices;

namespace Adit.TestKit.Crash;

/// <summary>Runs one piece of work at a time on a thread of its own while the caller stands still: images are opened where
/// no lock of the engine under test is held.</summary>
internal sealed class CheckThread : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Patience passes in slices, so that a process that was stopped for a while has lost one of them only.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _wanted = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action? _work;
    private ExceptionDispatchInfo? _failure;

    public CheckThread(string name)
    {
        _thread = new Thread(Loop, 4 << 20) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Work did not end: its thread may still use whatever it was given.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>Returns when the work is done; throws what it threw.</summary>
    /// <exception cref="TimeoutException">The work waits for something that the caller holds.</exception>
    public void Run(Action work)
    {
        _work = work;
        _wanted.Release();
        for (TimeSpan waited = TimeSpan.Zero; !_done.Wait(Slice); waited += Slice)
        {
            if (waited >= Patience)
            {
                IsStuck = true;
                throw new TimeoutException($"{_thread.Name}: not done after {Patience.TotalSeconds} s");
            }
        }

        _failure?.Throw();
    }

    public void Dispose()
    {
        _work = null;
        _wanted.Release();
        if (IsStuck || !_thread.Join(Patience))
        {
            // A background thread: it ends with the process.
            return;
        }

        _wanted.Dispose();
        _done.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _wanted.Wait();
            if (_work is not { } work)
            {
                return;
            }

            try
            {
                _failure = null;
                work();
            }
            catch (Exception failure)
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
            }

            _done.Release();
        }
    }
}

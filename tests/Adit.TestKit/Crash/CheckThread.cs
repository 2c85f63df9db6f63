using System.Runtime.ExceptionServices;

namespace Adit.TestKit.Crash;

/// <summary>Runs one piece of work at a time on a thread of its own while the caller stands still: images are opened where
/// no lock of the engine under test is held.</summary>
internal sealed class CheckThread : IDisposable
{
    private readonly SemaphoreSlim _wanted = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action? _work;
    private ExceptionDispatchInfo? _failure;

    public CheckThread()
    {
        _thread = new Thread(Loop, 4 << 20) { IsBackground = true, Name = "crash image check" };
        _thread.Start();
    }

    /// <summary>Returns when the work is done; throws what it threw.</summary>
    public void Run(Action work)
    {
        _work = work;
        _wanted.Release();
        _done.Wait();
        _failure?.Throw();
    }

    public void Dispose()
    {
        _work = null;
        _wanted.Release();
        _thread.Join();
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

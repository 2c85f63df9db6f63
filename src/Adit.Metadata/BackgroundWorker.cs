using Adit.Interop;
using Adit.Media;

namespace Adit.Metadata;

/// <summary>One thread a store: writes out staged transactions within the commit interval and takes checkpoints when the log is
/// half full or old. A failure of the medium is kept by the store; the thread goes on to its end.</summary>
internal sealed class BackgroundWorker : IDisposable
{
    private readonly MetadataStore _store;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _wake = new(false);
    private volatile bool _isEnding;
    private volatile bool _wantsCheckpoint;

    public BackgroundWorker(MetadataStore store)
    {
        _store = store;
        _thread = new Thread(Run, 256 * 1024) { IsBackground = true, Name = "adit-checkpoint" };
        _thread.Start();
    }

    public void RequestCheckpoint()
    {
        if (!_wantsCheckpoint)
        {
            _wantsCheckpoint = true;
            _wake.Set();
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        long lastCheckpointMs = Environment.TickCount64;
        while (!_isEnding)
        {
            _wake.Wait(_store.BackgroundPeriod);
            _wake.Reset();
            if (_isEnding || _store.Failure is not null)
            {
                continue;
            }

            try
            {
                Work(ref lastCheckpointMs);
            }
            catch (Exception cause)
            {
                // A defect of the store ends the store's work, not the process that uses it.
                _store.KeepFailure(cause);
            }
        }
    }

    private void Work(ref long lastCheckpointMs)
    {
        long nowMs = Environment.TickCount64;
        if (_wantsCheckpoint || nowMs - lastCheckpointMs >= _store.Options.CheckpointInterval.TotalMilliseconds)
        {
            _wantsCheckpoint = false;
            lastCheckpointMs = nowMs;
            _store.CheckpointInBackground();
        }
        else
        {
            _store.CommitInBackground();
        }
    }
}

namespace Adit.Dax.Entries;

/// <summary>A thread that sleeps at an entry. Each thread has one.</summary>
internal sealed class BlockedThread : EntryWaiter
{
    [ThreadStatic]
    private static BlockedThread? _mine;

    private bool _isSignalled;
    private bool _isCancelled;

    public static BlockedThread Mine => _mine ??= new BlockedThread();

    public void Reset()
    {
        lock (this)
        {
            _isSignalled = false;
            _isCancelled = false;
        }
    }

    public override void Signal()
    {
        lock (this)
        {
            _isSignalled = true;
            Monitor.PulseAll(this);
        }
    }

    public void Sleep()
    {
        lock (this)
        {
            while (!_isSignalled)
            {
                Monitor.Wait(this);
            }
        }
    }

    /// <summary>Sleeps until it is signalled, cancelled, or late.</summary>
    /// <param name="deadline">As <see cref="Environment.TickCount64"/>.</param>
    /// <param name="token">Cancels.</param>
    /// <returns>True if it was signalled.</returns>
    public bool Sleep(long deadline, CancellationToken token)
    {
        using CancellationTokenRegistration registration = token.UnsafeRegister(static thread => ((BlockedThread)thread!).Cancel(), this);
        lock (this)
        {
            while (!_isSignalled && !_isCancelled)
            {
                long left = deadline - Environment.TickCount64;
                if (left <= 0)
                {
                    return false;
                }

                _ = Monitor.Wait(this, (int)Math.Min(left, int.MaxValue));
            }

            return _isSignalled;
        }
    }

    private void Cancel()
    {
        lock (this)
        {
            _isCancelled = true;
            Monitor.PulseAll(this);
        }
    }
}

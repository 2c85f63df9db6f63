using System.Diagnostics;

namespace Adit.Dax.Tests;

/// <summary>Something that runs on a thread of its own and must end soon after it is asked to.</summary>
internal sealed class Racer<T>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Nobody sleeps this long but for what the test is about.</summary>
    private static readonly TimeSpan LongSleep = TimeSpan.FromMilliseconds(150);

    private readonly Thread _thread;
    private T? _result;
    private Exception? _failure;

    public Racer(Func<T> body)
    {
        _thread = new Thread(() =>
        {
            try
            {
                _result = body();
            }
            catch (Exception failure)
            {
                _failure = failure;
            }
        })
        { IsBackground = true };
        _thread.Start();
    }

    public bool IsDone => !_thread.IsAlive;

    private bool IsAsleep => (_thread.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0;

    public T Join()
    {
        Assert.True(_thread.Join(Patience), "a thread hangs");
        return _failure is null ? _result! : throw new InvalidOperationException("A thread failed: " + _failure.Message, _failure);
    }

    /// <summary>Returns when it has ended, or sleeps and goes on sleeping.</summary>
    public void WaitUntilItRests()
    {
        long started = Stopwatch.GetTimestamp();
        long asleepSince = 0;
        while (!IsDone && (asleepSince == 0 || Stopwatch.GetElapsedTime(asleepSince) < LongSleep))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "a thread neither sleeps nor ends");
            asleepSince = !IsAsleep ? 0 : asleepSince != 0 ? asleepSince : Stopwatch.GetTimestamp();
            Thread.Sleep(1);
        }
    }
}

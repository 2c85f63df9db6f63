namespace Adit.Dax.Tests;

/// <summary>Something that runs on a thread of its own and must end soon after it is asked to.</summary>
internal sealed class Racer<T>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

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

    /// <summary>It sleeps on something.</summary>
    public bool IsAsleep => (_thread.ThreadState & ThreadState.WaitSleepJoin) != 0;

    public T Join()
    {
        Assert.True(_thread.Join(Patience), "a thread hangs");
        return _failure is null ? _result! : throw new InvalidOperationException("A thread failed: " + _failure.Message, _failure);
    }

    /// <summary>Returns when it sleeps or has ended.</summary>
    public void WaitUntilItRests() => Assert.True(SpinWait.SpinUntil(() => IsDone || IsAsleep, Patience), "a thread neither sleeps nor ends");
}

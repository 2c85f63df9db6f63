namespace Adit.Dax.Tests.Views;

/// <summary>Threads that do one thing over and over until they are stopped. The first failure is kept and thrown by <see cref="Stop"/>.</summary>
internal sealed class Crew : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Thread[] _threads;
    private readonly long[] _turns;
    private Exception? _failure;
    private bool _isOver;

    /// <param name="count">How many threads.</param>
    /// <param name="work">Called with the thread's number and the number of its turn.</param>
    public Crew(int count, Action<int, long> work)
    {
        _turns = new long[count * 8];
        _threads = [.. Enumerable.Range(0, count).Select(worker => new Thread(() => Run(worker, work)) { IsBackground = true })];
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    public long Turns => Enumerable.Range(0, _threads.Length).Sum(TurnsOf);

    /// <summary>Returns when each thread has done that many turns more, or one has failed.</summary>
    public void WaitForTurns(long count)
    {
        long[] goals = [.. Enumerable.Range(0, _threads.Length).Select(worker => TurnsOf(worker) + count)];
        bool met = SpinWait.SpinUntil(
            () => Volatile.Read(ref _failure) is not null || goals.Select((goal, worker) => TurnsOf(worker) >= goal).All(x => x), Patience);
        Assert.True(met, "a thread hangs");
        ThrowFailure();
    }

    public void Stop()
    {
        Volatile.Write(ref _isOver, true);
        Assert.True(_threads.All(thread => thread.Join(Patience)), "a thread hangs");
        ThrowFailure();
    }

    public void Dispose()
    {
        Volatile.Write(ref _isOver, true);
        foreach (Thread thread in _threads)
        {
            thread.Join(Patience);
        }
    }

    private long TurnsOf(int worker) => Volatile.Read(ref _turns[worker * 8]);

    private void ThrowFailure()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new InvalidOperationException("A thread failed: " + failure.Message, failure);
        }
    }

    private void Run(int worker, Action<int, long> work)
    {
        try
        {
            for (long turn = 0; !Volatile.Read(ref _isOver); turn++)
            {
                work(worker, turn);
                Volatile.Write(ref _turns[worker * 8], turn + 1);
            }
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
    }
}

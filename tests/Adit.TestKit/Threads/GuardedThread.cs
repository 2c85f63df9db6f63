namespace Adit.TestKit.Threads;

/// <summary>A thread of a test. What its body throws is kept and thrown by <see cref="Join"/>, so that it neither ends the test host nor
/// is lost; and one that hangs does not keep the host alive.</summary>
public sealed class GuardedThread
{
    private readonly Thread _thread;
    private Exception? _failure;

    private GuardedThread(Action body)
    {
        _thread = new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception failure)
            {
                Volatile.Write(ref _failure, failure);
            }
        })
        { IsBackground = true };
    }

    /// <summary>What the body has thrown so far.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>The body has neither returned nor thrown.</summary>
    public bool IsAlive => _thread.IsAlive;

    public static GuardedThread Start(Action body)
    {
        GuardedThread thread = new(body);
        thread._thread.Start();
        return thread;
    }

    /// <summary>Runs a body on several threads; each gets its number, from 0.</summary>
    public static GuardedThread[] Start(int count, Action<int> body) =>
        [.. Enumerable.Range(0, count).Select(number => Start(() => body(number)))];

    /// <summary>Waits for all of them, each for so long, and throws what the first of them threw.</summary>
    public static void JoinAll(IReadOnlyCollection<GuardedThread> threads, TimeSpan limit)
    {
        bool[] ended = [.. threads.Select(thread => thread.TryJoin(limit))];
        if (threads.FirstOrDefault(thread => thread.Failure is not null) is { } failed)
        {
            failed.Join(limit);
        }

        if (ended.Contains(false))
        {
            throw new TimeoutException($"{ended.Count(has => !has)} of {ended.Length} threads hang.");
        }
    }

    /// <summary>Waits until the body has ended.</summary>
    /// <exception cref="TimeoutException">It has not in time.</exception>
    /// <exception cref="InvalidOperationException">It threw; the cause is within.</exception>
    public void Join(TimeSpan limit)
    {
        if (!TryJoin(limit))
        {
            throw new TimeoutException("A thread hangs.");
        }

        if (Failure is { } failure)
        {
            throw new InvalidOperationException("A thread failed: " + failure.Message, failure);
        }
    }

    /// <returns>Whether the body has ended in time, however it did.</returns>
    public bool TryJoin(TimeSpan limit) => _thread.Join(limit);
}

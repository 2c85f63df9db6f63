using System.Diagnostics;

namespace Adit.Media.Tests;

/// <summary>Threads that must all end soon: one that sleeps on fails the test and does not hang it.</summary>
internal static class Crowd
{
    public const int TimeoutMs = 20_000;

    public static void Run(IEnumerable<Action> bodies)
    {
        List<Exception> failures = [];
        List<Thread> threads = [.. bodies.Select(body => new Thread(() =>
        {
            Exception? failure = Record.Exception(body);
            if (failure is not null)
            {
                lock (failures)
                {
                    failures.Add(failure);
                }
            }
        }) { IsBackground = true })];
        threads.ForEach(thread => thread.Start());
        long started = Stopwatch.GetTimestamp();
        int asleep = threads.Count(thread =>
            !thread.Join(Math.Max(1, TimeoutMs - (int)Stopwatch.GetElapsedTime(started).TotalMilliseconds)));
        lock (failures)
        {
            Assert.Empty(failures);
        }

        Assert.True(asleep == 0, $"{asleep} of {threads.Count} threads did not end");
    }

    public static void Run(int count, Action<int> body) => Run(Enumerable.Range(0, count).Select<int, Action>(id => () => body(id)));

    /// <summary>Runs a body beside others that go round until it has ended.</summary>
    public static void RunBeside(int count, Action round, Action body)
    {
        bool stop = false;
        Run([
            () =>
            {
                try
                {
                    body();
                }
                finally
                {
                    Volatile.Write(ref stop, true);
                }
            },
            .. Enumerable.Repeat(() =>
            {
                long started = Stopwatch.GetTimestamp();
                while (!Volatile.Read(ref stop) && Stopwatch.GetElapsedTime(started).TotalMilliseconds < TimeoutMs)
                {
                    round();
                }
            }, count),
        ]);
        Assert.True(stop);
    }
}

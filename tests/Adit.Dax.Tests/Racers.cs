using System.Runtime.ExceptionServices;

namespace Adit.Dax.Tests;

internal static class Racer
{
    public static Racer<T> Start<T>(Func<T> body) => new(body);

    public static Racer<bool> Start(Action body) => new(() =>
    {
        body();
        return true;
    });

    /// <summary>Runs a body on several threads at once; all must end.</summary>
    public static void Run(int count, Action<int> body)
    {
        JoinAll([.. Enumerable.Range(0, count).Select(id => Start(() => body(id)))]);
    }

    /// <summary>Waits for all of them and only then throws what the first one threw: the memory that they use goes when the caller is left, and
    /// whoever still looked at it would end the process.</summary>
    public static void JoinAll(Racer<bool>[] racers)
    {
        Exception? failure = null;
        foreach (Racer<bool> racer in racers)
        {
            Exception? thrown = Record.Exception(() => racer.Join());
            failure ??= thrown;
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}

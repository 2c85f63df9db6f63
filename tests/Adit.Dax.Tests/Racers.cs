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
        Racer<bool>[] racers = [.. Enumerable.Range(0, count).Select(id => Start(() => body(id)))];
        foreach (Racer<bool> racer in racers)
        {
            racer.Join();
        }
    }
}

namespace Adit.TestKit.Crash;

/// <summary>Remembers the last few operations for a report.</summary>
internal sealed class RecentOperations(int capacity = 12)
{
    private readonly Queue<string> _recent = new();
    private long _count;

    public void Add(string operation)
    {
        _recent.Enqueue($"    {++_count}: {operation}");
        if (_recent.Count > capacity)
        {
            _recent.Dequeue();
        }
    }

    public override string ToString() => string.Join('\n', _recent);
}

using Adit.Dax.Testing;

namespace Adit.Dax.Tests;

/// <summary>Holds the first thread that reaches a point, until it is opened.</summary>
internal sealed class PointGate(DaxPoint point)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualResetEventSlim _reached = new();
    private readonly ManualResetEventSlim _isOpen = new();
    private int _hits;

    public int Hits => Volatile.Read(ref _hits);

    public void OnPoint(DaxPoint reached)
    {
        if (reached == point && Interlocked.Increment(ref _hits) == 1)
        {
            _reached.Set();
            Assert.True(_isOpen.Wait(Patience), $"nobody opens {point}");
        }
    }

    public void WaitUntilReached() => Assert.True(_reached.Wait(Patience), $"nobody reaches {point}");

    public void Open() => _isOpen.Set();
}

namespace Adit.TestKit.Crash;

/// <summary>A clock that stands still, so that a seed gives the same bytes always.</summary>
internal sealed class FrozenTime : TimeProvider
{
    public static readonly FrozenTime Instance = new();

    public override long GetTimestamp() => 0;

    public override DateTimeOffset GetUtcNow() => new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
}

using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash;

/// <summary>How one session runs.</summary>
public sealed record CrashSessionOptions
{
    public required int Seed { get; init; }

    public required DurabilityModel Model { get; init; }

    public long VolumeBytes { get; init; } = 8 << 20;

    /// <summary>Stops after so many images.</summary>
    public long Images { get; init; } = long.MaxValue;

    /// <summary>Images at a point whose combinations are too many to try all.</summary>
    public int ImagesPerPoint { get; init; } = 6;

    /// <summary>How probable images are before a fence and between operations.</summary>
    public double FenceProbability { get; init; } = 0.4;

    /// <summary>How probable images are before a write or a mark.</summary>
    public double StoreProbability { get; init; } = 0.02;

    /// <summary>How probable work beside a checkpoint is at each of its events.</summary>
    public double AsideProbability { get; init; } = 0.2;

    /// <summary>How many images lose power again while they are recovered.</summary>
    public double NestedProbability { get; init; } = 0.15;

    /// <summary>The square of this is how many events into a recovery the second crash may come.</summary>
    public double NestedReach { get; init; } = 12;

    /// <summary>How many images are worked on after recovery.</summary>
    public double GoOnProbability { get; init; } = 0.25;

    /// <summary>Shown with a violation.</summary>
    public string ReplayCommand { get; init; } = "";

    public CancellationToken Cancellation { get; init; }
}

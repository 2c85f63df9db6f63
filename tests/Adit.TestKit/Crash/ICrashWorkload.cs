using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash;

/// <summary>Work to lose power in, and the oracle that says what may be left of it. The steps run on one thread; while an
/// image is checked on another, they stand still.</summary>
public interface ICrashWorkload
{
    /// <summary>Size of the volume that it wants.</summary>
    long VolumeBytes { get; }

    CrashPhase Phase { get; }

    bool HasOperationInFlight { get; }

    /// <summary>Operations that returned and may still be lost.</summary>
    int UnacknowledgedCount { get; }

    /// <summary>Makes the volume and opens it. Power does not fail here.</summary>
    void Start(SimulatedMedium medium);

    /// <summary>Does the next operation.</summary>
    /// <returns>False when there is none left.</returns>
    bool Step();

    /// <summary>Does a little work beside a checkpoint that stands still at one of its events. Runs on a thread of its own,
    /// as another writer would.</summary>
    void StepAside();

    /// <summary>Lets go of the volume without touching the medium.</summary>
    void Stop();

    /// <summary>Opens an image as after a crash now, compares it with the oracle, and goes on working on it a little.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    string? Check(SimulatedMedium image, ImageUse use);

    /// <summary>The last operations, for a report.</summary>
    string DescribeRecent();
}

/// <summary>How far to go with an image.</summary>
public sealed record ImageUse
{
    /// <summary>Changes something, takes a checkpoint, opens it again.</summary>
    public bool GoOn { get; init; }

    /// <summary>Of the choices made while going on.</summary>
    public int Seed { get; init; }

    /// <summary>Told when recovery is over: what follows is life after it.</summary>
    public Action? Recovered { get; init; }
}

namespace Adit.TestKit.Crash;

/// <summary>A kind of danger that a campaign must have met to mean anything.</summary>
public enum CrashDanger
{
    /// <summary>An image with something between old and new.</summary>
    Undecided,

    /// <summary>A line or page that is mixed of both.</summary>
    Torn,

    /// <summary>An operation was under way.</summary>
    OperationInFlight,

    /// <summary>Operations had returned that nothing had made durable yet.</summary>
    Unacknowledged,

    /// <summary>A checkpoint was under way.</summary>
    InCheckpoint,

    /// <summary>An operation was under way beside a checkpoint.</summary>
    BesideCheckpoint,

    /// <summary>A sync was under way.</summary>
    InSync,

    /// <summary>Power failed again while an image was recovered.</summary>
    InRecovery,

    /// <summary>An image of a medium of cache lines.</summary>
    CacheLines,

    /// <summary>An image of a medium of pages.</summary>
    Pages,
}

namespace Adit.Dax.Leases;

/// <summary>How a range is to be held for long.</summary>
public sealed record LeaseOptions
{
    /// <summary>What for: shown to those who want the range.</summary>
    public required string Purpose { get; init; }

    /// <summary>The process that it is held for.</summary>
    public int ProcessId { get; init; } = Environment.ProcessId;

    /// <summary>Told, on the thread of the one who wants the range, with no lock held, how long there is to let go. It should return
    /// soon; letting go within it is best.</summary>
    public Action<TimeSpan>? OnRecall { get; init; }
}

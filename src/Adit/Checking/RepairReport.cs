namespace Adit.Checking;

/// <summary>What a repair came to.</summary>
public sealed record RepairReport
{
    /// <summary>What was wrong before.</summary>
    public required CheckReport Before { get; init; }

    /// <summary>What is wrong still.</summary>
    public required CheckReport After { get; init; }

    /// <summary>What was mended, saved and lost, a line each.</summary>
    public required IReadOnlyList<string> Actions { get; init; }
}

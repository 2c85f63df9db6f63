namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit quota</c>.</summary>
internal sealed record QuotaReport
{
    /// <summary><c>off</c>, <c>counting</c> or <c>on</c>.</summary>
    public required string State { get; init; }

    /// <summary>While counting, how far it has come, 0 to 1.</summary>
    public required double CountedShare { get; init; }

    public required IReadOnlyList<QuotaGraceReport> Graces { get; init; }

    public required IReadOnlyList<QuotaEntryReport> Entries { get; init; }
}

/// <summary>How long usage may stay above soft limits.</summary>
internal sealed record QuotaGraceReport(string Kind, long BytesSeconds, long InodesSeconds);

/// <summary>What one user, group or project has and may have; limits of 0 are none.</summary>
internal sealed record QuotaEntryReport
{
    /// <summary><c>user</c>, <c>group</c> or <c>project</c>.</summary>
    public required string Kind { get; init; }

    public required uint Id { get; init; }

    /// <summary>As this machine calls a user or group, or null.</summary>
    public string? Name { get; init; }

    public required long UsedBytes { get; init; }

    public required long SoftBytes { get; init; }

    public required long HardBytes { get; init; }

    /// <summary>When the soft limit begins to bind, while more is in use.</summary>
    public required DateTimeOffset? BytesDeadline { get; init; }

    public required long UsedInodes { get; init; }

    public required long SoftInodes { get; init; }

    public required long HardInodes { get; init; }

    public required DateTimeOffset? InodesDeadline { get; init; }
}

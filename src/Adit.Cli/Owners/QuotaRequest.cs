using Adit.Format.Records;

namespace Adit.Cli.Owners;

/// <summary>What is to be done about quotas.</summary>
internal enum QuotaVerb
{
    Report = 0,
    Set = 1,
    On = 2,
    Off = 3,
    Grace = 4,
}

/// <summary>A request about the quotas of a volume. What is null stays as it is.</summary>
internal sealed record QuotaRequest(QuotaVerb Verb)
{
    /// <summary>Users, groups or projects; of a report, null is all of them.</summary>
    public QuotaKind? Kind { get; init; }

    /// <summary>Of a report, null is all of the kind.</summary>
    public uint? Id { get; init; }

    public long? SoftBytes { get; init; }

    public long? HardBytes { get; init; }

    public long? SoftInodes { get; init; }

    public long? HardInodes { get; init; }

    /// <summary>Time of grace of limits of bytes.</summary>
    public long? BytesGraceSeconds { get; init; }

    /// <summary>Time of grace of limits of inodes.</summary>
    public long? InodesGraceSeconds { get; init; }

    /// <summary>Turning off forgets the limits.</summary>
    public bool Forgets { get; init; }
}

using Adit.Format.Records;

namespace Adit.Quotas;

/// <summary>Whether a volume has quotas.</summary>
public sealed record QuotaStatus
{
    public required QuotaState State { get; init; }

    /// <summary>While counting: how much of the inode numbers has been gone through, 0 to 1; else 1.</summary>
    public required double CountedShare { get; init; }

    /// <summary>How long usage may stay above soft limits, of each kind: of bytes, and of inodes.</summary>
    public required IReadOnlyDictionary<QuotaKind, (TimeSpan Bytes, TimeSpan Inodes)> Graces { get; init; }
}

using Adit.Format;
using Adit.Format.Records;

namespace Adit.Quotas;

/// <summary>What one user, group or project has and may have.</summary>
public sealed record QuotaEntry
{
    public required QuotaKind Kind { get; init; }

    public required uint Id { get; init; }

    /// <summary>Blocks of files, 4 KiB each; names and attributes take none.</summary>
    public required long UsedBytes { get; init; }

    public required long UsedInodes { get; init; }

    public required QuotaLimits Limits { get; init; }

    /// <summary>When the soft limit of bytes begins to bind; null while usage is not above it.</summary>
    public required DateTimeOffset? BytesDeadline { get; init; }

    /// <summary>The same of inodes.</summary>
    public required DateTimeOffset? InodesDeadline { get; init; }

    internal static QuotaEntry Of(QuotaKind kind, uint id, in QuotaRecord record) => new()
    {
        Kind = kind,
        Id = id,
        UsedBytes = record.UsedBlocks << Geometry.BlockShift,
        UsedInodes = record.UsedInodes,
        Limits = new QuotaLimits(
            record.SoftBlocks << Geometry.BlockShift, record.HardBlocks << Geometry.BlockShift, record.SoftInodes, record.HardInodes),
        BytesDeadline = TimeOf(record.BlockDeadline),
        InodesDeadline = TimeOf(record.InodeDeadline),
    };

    private static DateTimeOffset? TimeOf(long seconds) =>
        seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
}

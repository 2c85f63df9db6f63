namespace Adit.Quotas;

/// <summary>What a user, group or project may have; 0 is no limit.</summary>
/// <param name="SoftBytes">May be passed for the time of grace. Counted in blocks of 4 KiB, so it is rounded up to them.</param>
/// <param name="HardBytes">May not be passed at all.</param>
/// <param name="SoftInodes">Of files, directories and whatever else has an inode.</param>
/// <param name="HardInodes">May not be passed at all.</param>
public readonly record struct QuotaLimits(long SoftBytes, long HardBytes, long SoftInodes, long HardInodes);

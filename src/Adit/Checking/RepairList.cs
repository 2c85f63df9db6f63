using Adit.Format;

namespace Adit.Checking;

/// <summary>What a repair does about one finding.</summary>
internal enum RepairKind
{
    DeleteRecord,
    SetLinkCount,
    SetSize,
    SetBlockCount,
    SetParent,
    SetEntryType,

    /// <summary>An inode without a record: what is there says what it was.</summary>
    MakeInode,

    /// <summary>An inode without a name gets one in lost+found.</summary>
    Name,

    /// <summary>The entry that names a directory goes: it is in a circle.</summary>
    Unname,
    MakeRoot,
    SetQuotaBlocks,
    SetQuotaInodes,
}

/// <param name="Kind">What to do.</param>
/// <param name="Key">The record, or the record of the inode.</param>
/// <param name="Value">The new value.</param>
/// <param name="Why">For people.</param>
internal readonly record struct RepairStep(RepairKind Kind, TreeKey Key, long Value, string Why);

/// <summary>Collects what can be repaired in one round; the rest is found again in the next.</summary>
internal sealed class RepairList
{
    private const int Capacity = 65_536;

    public List<RepairStep> Steps { get; } = [];

    public void Add(RepairKind kind, TreeKey key, long value, string why)
    {
        if (Steps.Count < Capacity)
        {
            Steps.Add(new RepairStep(kind, key, value, why));
        }
    }
}

namespace Adit.Format;

/// <summary>What is special about a record. On the medium.</summary>
[Flags]
public enum LogRecordFlags : uint
{
    None = 0,

    /// <summary>No transaction: the rest of the ring up to its end is unused, the next record is at its start.</summary>
    Filler = 1,
}

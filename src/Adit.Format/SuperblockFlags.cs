namespace Adit.Format;

/// <summary>The state of a volume. On the medium.</summary>
[Flags]
public enum SuperblockFlags : uint
{
    None = 0,

    /// <summary>Closed in order: the log is empty.</summary>
    Clean = 1,
}

namespace Adit.Media;

/// <summary>What a medium is made of.</summary>
public enum MediumKind
{
    /// <summary>An ordinary file, durable by msync and fdatasync of the dirty ranges.</summary>
    File,

    /// <summary>Persistent memory: a file mapped with MAP_SYNC, or a device-DAX character device.</summary>
    Pmem,

    /// <summary>The instructions of persistent memory over memory that forgets (tmpfs).</summary>
    PmemEmulated,

    /// <summary>Anonymous memory.</summary>
    Memory,

    /// <summary>A medium of the test kit that knows what has persisted.</summary>
    Simulated,
}

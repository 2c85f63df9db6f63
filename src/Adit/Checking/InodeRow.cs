namespace Adit.Checking;

/// <summary>What a check remembers of one inode.</summary>
internal struct InodeRow
{
    public ulong Number;

    /// <summary>Of a directory: which directory its record says names it.</summary>
    public ulong RecordedParent;

    /// <summary>Of a directory: the row of the directory that names it, or -1.</summary>
    public int NamedBy;

    public uint LinkCount;

    /// <summary>Entries found that name it.</summary>
    public uint Names;

    /// <summary>Of a directory: directories it names.</summary>
    public uint Subdirectories;

    public ushort Mode;

    public InodeMarks Marks;

    public readonly uint TypeBits => Mode & 0xF000u;

    public readonly bool IsDirectory => TypeBits == 0x4000;
}

[Flags]
internal enum InodeMarks : byte
{
    None = 0,

    /// <summary>On the list of orphans as unnamed.</summary>
    Orphan = 1,

    /// <summary>A way from the root leads to it.</summary>
    Reachable = 2,

    /// <summary>On the way that is being followed.</summary>
    Climbing = 4,
}

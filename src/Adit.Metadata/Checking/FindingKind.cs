namespace Adit.Metadata.Checking;

/// <summary>What the checker found wrong. Names are stable: scripts read them.</summary>
public enum FindingKind
{
    // Fixed parts.
    SuperblockCopy,
    SuperblockMissing,
    SuperblockUnfit,
    NodeMapSlot,
    NodeMapChain,
    LogOperation,
    LogNotApplied,
    FreeCount,
    NodeCount,
    NextInode,

    // Nodes of the tree.
    NodeDamaged,
    NodeOutside,
    NodeReachedTwice,
    NodeMisplaced,
    NodeNotInMap,
    NodeNotInTree,
    NodeChunkUse,

    // Blocks.
    SpaceLine,
    BlockNotTaken,
    BlockWithoutOwner,
    BlockOwnedTwice,
    ExtentMalformed,
    ExtentOutside,
    ExtentOverlap,
    ReverseMissing,
    ReverseStray,

    // Records of files and directories.
    RecordUnknown,
    InodeMalformed,
    InodeMissing,
    InodeUnnamed,
    LinkCount,
    SizeOfDirectory,
    BlockCount,
    ExtentOfOther,
    EntryMalformed,
    EntryMisplaced,
    EntryDuplicate,
    EntryDangling,
    EntryType,
    EntryInOther,
    DirectoryParent,
    DirectoryNamedTwice,
    DirectoryUnreachable,
    RootMissing,
    OrphanMalformed,
    OrphanStray,
    SymlinkMalformed,
    AttributeMalformed,
    AttributeMisplaced,
    ChecksumMalformed,
    QuotaMalformed,
    QuotaUsage,

    // Bytes of files.
    DataChecksum,
}

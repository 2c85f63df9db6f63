namespace Adit.Metadata;

/// <summary>Deliberate defects of the engine, switched on by crash tests only: each must be caught.</summary>
public enum BrokenVariant
{
    None,

    // The store.

    /// <summary>A record is not fenced before its transaction is acknowledged.</summary>
    SkipRecordFence,

    /// <summary>A record is stored without being written back.</summary>
    SkipRecordFlush,

    /// <summary>Recovery does not check a record's checksum.</summary>
    TrustRecordChecksum,

    /// <summary>Recovery does not stop at a record of an older incarnation.</summary>
    TrustOldIncarnation,

    /// <summary>Recovery does not stop at a gap in the sequence.</summary>
    TrustSequenceGap,

    /// <summary>Recovery drops the last record of the log.</summary>
    DropLastRecord,

    /// <summary>The superblock is published before the nodes are fenced.</summary>
    PublishBeforeNodes,

    /// <summary>A checkpoint does not write its nodes back.</summary>
    SkipNodeFlush,

    /// <summary>A node of an older epoch is changed in place.</summary>
    ModifyNodeInPlace,

    /// <summary>The log is used again before the superblock that frees it is durable.</summary>
    ReuseLogEarly,

    /// <summary>A tree block is used again before the checkpoint that replaced it is durable.</summary>
    ReuseNodeEarly,

    /// <summary>A data block is used again before the record that freed it is durable.</summary>
    ReuseDataEarly,

    /// <summary>Both superblock copies are written without a fence between.</summary>
    PublishBothAtOnce,

    /// <summary>The superblock's fence is skipped.</summary>
    SkipSuperblockFence,

    /// <summary>The node map's homes are written before the superblock is durable.</summary>
    NodeMapBeforePublish,

    /// <summary>Recovery does not apply the node-map changes of the published checkpoint again.</summary>
    SkipNodeMapReplay,

    /// <summary>Recovery applies records without reserving the space they take first.</summary>
    SkipRecoveryReservation,

    /// <summary>A checkpoint forgets the space lines changed in its epoch.</summary>
    SkipSpaceFold,

    /// <summary>The log's start is published one record too far.</summary>
    LogStartTooFar,

    /// <summary>On a medium with dear fences, records go out before the data they make reachable.</summary>
    RecordBeforeData,

    // Files and directories.

    /// <summary>New blocks are not zeroed around a partial write.</summary>
    SkipZeroing,

    /// <summary>The tail behind a shrunk end is not zeroed before it is seen again.</summary>
    SkipTailZeroing,

    /// <summary>The size is recorded before the data is durable.</summary>
    SizeBeforeData,

    /// <summary>An unlinked open file leaves no orphan record.</summary>
    ForgetOrphan,

    /// <summary>A rename is two transactions.</summary>
    RenameInTwoRecords,

    /// <summary>An unwritten extent is converted before its data is durable.</summary>
    ConvertBeforeData,

    /// <summary>A truncate of several transactions leaves no mark to finish it after a crash.</summary>
    TruncateWithoutMark,

    /// <summary>An overwrite is acknowledged without its fence.</summary>
    SkipOverwriteFence,

    /// <summary>A hard link's entry and count are two transactions.</summary>
    LinkInTwoRecords,

    /// <summary>An unlinked file's blocks are freed in a transaction before its entry goes.</summary>
    FreeBeforeUnlink,

    // Files that are not accessed directly.

    /// <summary>A block that is written again keeps the checksum of its old data.</summary>
    StaleDataChecksum,

    /// <summary>The record that switches to new blocks and their checksums goes before the data is durable.</summary>
    SkipPrivateFence,

    /// <summary>A block with a checksum is overwritten where it is; the checksum follows in a record.</summary>
    PrivateInPlace,

    // Quotas.

    /// <summary>What a transaction does to usage is recorded with the one after it.</summary>
    UsageInNextRecord,

    /// <summary>Removed inodes stay part of their owners' usage.</summary>
    KeepUsageOfRemoved,

    /// <summary>While usage is being counted, how far it has come is recorded after what was counted.</summary>
    CursorBehindUsage,
}

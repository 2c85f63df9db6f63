namespace Adit.Metadata;

/// <summary>Counters of a store, a consistent picture of a moment.</summary>
/// <param name="Epoch">The working epoch.</param>
/// <param name="LogBytes">Size of the log's ring.</param>
/// <param name="LogUsedBytes">How much of it recovery would read.</param>
/// <param name="LogSequence">The next record's number.</param>
/// <param name="TreeHeight">Levels of the tree.</param>
/// <param name="NodeCount">Nodes of the working tree.</param>
/// <param name="FreeNodeCount">Blocks set aside for nodes.</param>
/// <param name="CheckpointCount">Since opening.</param>
/// <param name="TransactionCount">Since opening.</param>
/// <param name="RecoveredTransactionCount">Transactions that opening found in the log.</param>
/// <param name="StagedBytes">Records that wait in memory to be written out.</param>
public readonly record struct StoreStatistics(
    ulong Epoch,
    long LogBytes,
    long LogUsedBytes,
    ulong LogSequence,
    int TreeHeight,
    long NodeCount,
    long FreeNodeCount,
    long CheckpointCount,
    long TransactionCount,
    long RecoveredTransactionCount,
    long StagedBytes);

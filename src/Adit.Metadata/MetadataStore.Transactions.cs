using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Transactions;

namespace Adit.Metadata;

/// <summary>Transactions: set aside what they may need, log, apply.</summary>
public sealed partial class MetadataStore
{
    /// <summary>Checkpoints that may fail to bring the nodes a transaction needs, while others use what they free, before the volume
    /// counts as full. Room in the log is always to be had: whoever finds it taken makes it again.</summary>
    private const int NodeAttempts = 6;

    private long _transactionCount;

    /// <summary>Who is between Begin and the end of its transaction, or 0.</summary>
    private int _transactionThread;

    /// <summary>Begins a transaction: waits for the one at hand and holds the transaction lock until Commit or Abort.</summary>
    /// <param name="transaction">The store's one transaction object.</param>
    /// <param name="size">How much it may do.</param>
    /// <returns>EROFS on a read-only store, EIO after a failure, ENOSPC when there is no room for its records.</returns>
    public Errno Begin(out Transaction transaction, TransactionSize size = TransactionSize.Usual)
    {
        transaction = _transaction;
        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        int operations = OperationLimitOf(size);
        int nodeAttempts = 0;
        for (; ; )
        {
            _transactionLock.Enter();
            if (_failure is not null || _isEnded)
            {
                _transactionLock.Exit();
                return Errno.EIO;
            }

            int recordBytes = _log.MaxRecordBytes + (_derivedOperations == 0 ? 0 : Transaction.DerivedBytes);
            bool hasLogRoom = _log.HasRoomFor(recordBytes);
            if (hasLogRoom && HasNodesFor(operations + _derivedOperations, size))
            {
                _transaction.Reset(operations, FailAfterOperations);
                _transactionThread = ThreadNumber.Current;
                return Errno.Success;
            }

            bool needsFlushOnly = !hasLogRoom && !_log.HasStagingFor(recordBytes);
            bool canFreeNodes = _nodes.HeldCount > 0 || _log.UsedBytes > 0 || (_isStaged && Space.PendingBlocks > 0);
            _transactionLock.Exit();
            if (hasLogRoom && (!canFreeNodes || ++nodeAttempts > NodeAttempts))
            {
                return Errno.ENOSPC;
            }

            Errno outcome = needsFlushOnly ? TryEnsureDurable() : Checkpoint();
            if (outcome != Errno.Success)
            {
                return outcome;
            }

            WhenRoomWasMade?.Invoke();
        }
    }

    internal void EndTransaction()
    {
        _transactionThread = 0;
        _transactionLock.Exit();
    }

    internal void EndTransactionIfHeld()
    {
        // Nearly always it has ended.
        int thread = _transactionThread;
        if (thread == 0 || thread != ThreadNumber.Current)
        {
            return;
        }

        if (_transaction.IsStarted)
        {
            Fail(new InvariantException("Nothing fails between the halves of a commit."));
            LeaveTree(_transaction);
        }

        EndTransaction();
    }

    /// <summary>Writes the record and applies it. The tree is changed while the record drains to the medium: nothing durable reaches a
    /// working node, so the order of the two does not matter, and nobody reads while the tree lock is held. That lock is taken
    /// before the record is written: taken behind it, it would wait for the drain.</summary>
    internal void StartCommit(Transaction transaction)
    {
        if (transaction.IsEmpty)
        {
            return;
        }

        try
        {
            if (_derived is not null)
            {
                transaction.MakeRoomForDerived();
                _derived.Complete(transaction);
            }

            Span<byte> record = transaction.Seal();
            _log.Prepare(record, transaction.OperationCount, Volatile.Read(ref _nextInode));
            Options.Witness?.Committing(_log.NextSequence, _nextInode);
            _treeLock.EnterExclusive();
            transaction.IsStarted = true;
            if (transaction.FencesData && !_isStaged)
            {
                Medium.Fence();
            }

            _log.Append(record);
            ApplyToTree(transaction.Operations, (uint)transaction.OperationCount);
        }
        catch (Exception failure)
        {
            FailCommit(transaction, failure);
            throw;
        }
    }

    /// <summary>Fences, before anybody can see the change.</summary>
    internal void Commit(Transaction transaction)
    {
        if (transaction.IsEmpty)
        {
            EndTransaction();
            return;
        }

        if (!transaction.IsStarted)
        {
            StartCommit(transaction);
        }

        try
        {
            _log.FenceAppended();
            _log.FetchAhead();
            LeaveTree(transaction);
            if (transaction.ChangesSpace)
            {
                ApplyToSpace(transaction.Operations, (uint)transaction.OperationCount);
            }

            if ((!_isStaged && transaction.FreesBlocks) || _broken == BrokenVariant.ReuseDataEarly)
            {
                Space.ReleasePending(Space.SealPending());
            }
        }
        catch (Exception failure)
        {
            FailCommit(transaction, failure);
            throw;
        }

        _transactionCount++;
        if (_log.Tail - _closedTail > (ulong)_log.SizeBytes / 2)
        {
            _worker?.RequestCheckpoint();
        }

        EndTransaction();
        if (Options.SyncAlways && _isStaged)
        {
            EnsureDurable();
        }
    }

    /// <summary>The record may be durable and the tree half changed: only a new opening knows what holds.</summary>
    private void FailCommit(Transaction transaction, Exception failure)
    {
        Fail(failure);
        LeaveTree(transaction);
        EndTransaction();
    }

    private void LeaveTree(Transaction transaction)
    {
        if (transaction.IsStarted)
        {
            transaction.IsStarted = false;
            _treeLock.ExitExclusive();
        }
    }

    private static int OperationLimitOf(TransactionSize size) => size switch
    {
        TransactionSize.Large => 128,
        _ => 32,
    };

    /// <summary>Sets nodes aside for a transaction, for the closing of its epoch, and for the transactions that free space
    /// when there is none left.</summary>
    private bool HasNodesFor(int operations, TransactionSize size)
    {
        // Nearly always there is more than enough, which is seen without looking at how many nodes there are at most.
        long room = (2L * (operations + OperationLimitOf(TransactionSize.Freeing) + _derivedOperations)) + Space.DirtyLineCount + 7;
        if (_nodes.FreeCount >= (room * (Tree.RootLevel + 3)) + _nodes.ChainBlocksNeeded)
        {
            return true;
        }

        long needed = NodesFor(operations) + NodesForClosing();
        if (size != TransactionSize.Freeing)
        {
            needed += NodesFor(OperationLimitOf(TransactionSize.Freeing) + _derivedOperations);
        }

        return _nodes.FreeCount >= needed || _nodes.TryEnsureFree(needed);
    }

    /// <summary>Nodes that a transaction can need at most: each operation, and the reverse-map record beside it, copies a path
    /// and splits a leaf; but no more nodes are copied than there are.</summary>
    private long NodesFor(int operations)
    {
        int height = Tree.RootLevel + 1;
        return Math.Min(2L * operations * height, _nodes.LiveCount) + (2 * operations) + height + 2;
    }

    /// <summary>Nodes that closing the epoch can need at most: space lines lie close together, some 40 in a leaf.</summary>
    private long NodesForClosing()
    {
        // Two more for the run that is being taken, two for what this transaction begins.
        long lines = Space.DirtyLineCount + 4;
        int height = Tree.RootLevel + 1;
        long leaves = Math.Min(lines, (_layout.ChunkCount / 16) + 2);
        return Math.Min(leaves * height, _nodes.LiveCount) + leaves + height + 2 + _nodes.ChainBlocksNeeded + 1;
    }
}

using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Space;
using Adit.Metadata.Trees;

namespace Adit.Metadata;

/// <summary>Checkpoints: close the epoch in an instant, write its nodes back beside running transactions, publish its root,
/// let go of the log and of what the old root alone held.</summary>
/// <remarks>Order: staged records; nodes and the chain of node-map changes; fence; one superblock copy, fence, the other, fence;
/// the node map's slots, fence; only then are log, nodes and chain of the older epoch used again.</remarks>
public sealed partial class MetadataStore
{
    private readonly List<long> _chain = [];
    private readonly List<ChangedLine> _lines = [];
    private long _checkpointCount;
    private ulong _publishedTail;

    /// <summary>Where the log was when the last epoch was closed: what lies before it needs no further checkpoint. Changed with the
    /// transaction lock held.</summary>
    private ulong _closedTail;

    /// <summary>Takes everything committed so far into the published tree; returns when that, and all data written before, is durable.</summary>
    /// <returns>EROFS on a read-only store, EIO when the medium fails or has failed.</returns>
    public Errno Checkpoint()
    {
        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        using (_checkpointLock.Enter())
        {
            if (_failure is not null || _isEnded)
            {
                return Errno.EIO;
            }

            return TryCheckpointLocked(SuperblockFlags.None);
        }
    }

    /// <returns>EIO when the medium failed or a node is damaged. Whatever ended it, nothing can go on from half a checkpoint.</returns>
    private Errno TryCheckpointLocked(SuperblockFlags flags, bool publishesAlways = false)
    {
        try
        {
            CheckpointLocked(flags, publishesAlways);
            return Errno.Success;
        }
        catch (Exception failure)
        {
            Fail(failure);
            if (failure is MediumException or TreeDamagedException)
            {
                return Errno.EIO;
            }

            throw;
        }
    }

    /// <param name="publishesAlways">Also when nothing was committed since the last one.</param>
    private void CheckpointLocked(SuperblockFlags flags, bool publishesAlways = false)
    {
        ClosedEpoch? closed = null;
        using (_transactionLock.Enter())
        {
            if (_log.Tail != _publishedTail || flags != SuperblockFlags.None || publishesAlways)
            {
                closed = CloseEpoch();
            }
        }

        if (_isStaged)
        {
            // Also where no record is new: data that was overwritten in place has none.
            using (_flushLock.Enter())
            {
                FlushLocked();
            }
        }

        if (closed is null)
        {
            return;
        }

        Invariant.That(!BreaksInCheckpoint, "a checkpoint is not broken by a test");
        if (_broken == BrokenVariant.PublishBeforeNodes)
        {
            Publish(closed, flags);
            WriteNodes(closed);
        }
        else
        {
            WriteNodes(closed);
            if (_broken == BrokenVariant.NodeMapBeforePublish)
            {
                _nodes.WriteSlots();
                Medium.Fence();
            }

            if (_broken == BrokenVariant.ReuseLogEarly)
            {
                ReleaseLog(closed);
            }

            Publish(closed, flags);
        }

        _nodes.WriteSlots();
        Medium.Fence();
        using (_transactionLock.Enter())
        {
            ReleaseSuperseded(closed);
        }

        _checkpointCount++;
    }

    /// <summary>Folds the changed space lines into the tree and freezes it. Needs the transaction lock.</summary>
    private ClosedEpoch CloseEpoch()
    {
        SettleTaken();
        bool hasNodes = _nodes.TryEnsureFree(NodesForClosing());
        if (!hasNodes)
        {
            throw new MediumException(
                Errno.ENOSPC, $"The volume on {Medium.Name} has no room left for a checkpoint; make the volume larger, or copy its files away.");
        }

        CollectLines();
        int retired = _nodes.Retired.Count;
        for (int index = 0; index < retired; index++)
        {
            Space.LearnNodeChunk(_nodes.Retired[index].Chunk);
        }

        _treeLock.EnterExclusive();
        try
        {
            FoldRetired(retired);
            if (_broken != BrokenVariant.SkipSpaceFold)
            {
                FoldLines();
            }

            List<long> chain = [];
            while (chain.Count < _nodes.ChainBlocksNeeded)
            {
                chain.Add(_nodes.AllocateHeld());
            }

            ClosedEpoch closed = new(
                Tree.Epoch, Tree.Root, Tree.RootLevel, _log.Tail, _log.NextSequence,
                Space.UntakenBlocks + ((long)retired << Geometry.BlocksPerChunkShift),
                _nodes.LiveCount, Volatile.Read(ref _nextInode), retired, chain.ToArray());
            _nodes.Close();
            Tree.BeginNextEpoch();
            _closedTail = closed.LogTail;
            return closed;
        }
        finally
        {
            _treeLock.ExitExclusive();
            Space.ReleaseCollected();
        }
    }

    private void CollectLines()
    {
        _lines.Clear();
        Span<ChangedLine> some = new ChangedLine[64];
        for (int count = Space.CollectDirty(some); count > 0; count = Space.CollectDirty(some))
        {
            _lines.AddRange(some[..count]);
        }
    }

    private void FoldRetired(int count)
    {
        for (int index = 0; index < count; index++)
        {
            Tree.Delete(SpaceLineCodec.KeyOf(_nodes.Retired[index].Chunk));
        }
    }

    private void FoldLines()
    {
        Span<byte> value = stackalloc byte[SpaceLineCodec.SizeBytes];
        foreach ((long chunk, SpaceLine line) in _lines)
        {
            if (SpaceLineCodec.IsAbsent(line))
            {
                Tree.Delete(SpaceLineCodec.KeyOf(chunk));
            }
            else
            {
                SpaceLineCodec.Write(line, value);
                Tree.Put(SpaceLineCodec.KeyOf(chunk), value);
            }
        }
    }

    private void WriteNodes(ClosedEpoch closed)
    {
        _nodes.WriteClosedNodes();
        _nodes.WriteChain(closed.Chain, closed.Epoch, VolumeTag.Of(Identity.VolumeId));
        Medium.Fence();
    }

    private void Publish(ClosedEpoch closed, SuperblockFlags flags)
    {
        Superblock superblock = _superblocks.Current;
        superblock.Flags = flags;
        superblock.ReadOnlyCompatibleFeatures = _readOnlyCompatible;
        superblock.Epoch = closed.Epoch;
        superblock.RootBlock = closed.Root;
        superblock.RootLevel = (uint)closed.RootLevel;
        superblock.LogHead = closed.LogTail;
        superblock.LogSequence = closed.NextSequence;
        if (_broken == BrokenVariant.LogStartTooFar)
        {
            superblock.LogSequence++;
        }

        superblock.Incarnation = _incarnation;
        superblock.FreeBlocks = closed.FreeBlocks;
        superblock.NextInode = closed.NextInode;
        superblock.NodeMapChain = closed.Chain.Length > 0 ? closed.Chain[0] : 0;
        superblock.NodeCount = closed.NodeCount;
        superblock.NodeChunkHints = _nodes.MakeHints();
        if ((flags & SuperblockFlags.Clean) != 0)
        {
            superblock.ClosedUnixMs = Options.Time.GetUtcNow().ToUnixTimeMilliseconds();
        }

        _superblocks.Publish(superblock);
    }

    /// <summary>Nothing durable refers any more to what the closed epoch replaced. Needs the transaction lock.</summary>
    private void ReleaseSuperseded(ClosedEpoch closed)
    {
        _nodes.ReleaseClosed(NodesFor(OperationLimitOf(Transactions.TransactionSize.Large)) + Geometry.BlocksPerChunk);
        _nodes.GiveBackRetired(closed.RetiredCount);
        if (closed.RetiredCount > 0 && !_isStaged)
        {
            // All that is pending is durable: its records, and the line of the chunks given back.
            Space.ReleasePending(Space.SealPending());
        }

        foreach (long block in _chain)
        {
            _nodes.ReleaseHeld(block);
        }

        _chain.Clear();
        _chain.AddRange(closed.Chain);
        ReleaseLog(closed);
        _publishedTail = closed.LogTail;
    }

    private void ReleaseLog(ClosedEpoch closed)
    {
        if (closed.LogTail > _log.Head)
        {
            _log.ReleaseUpTo(closed.LogTail);
        }
    }

    private void CloseInOrder()
    {
        using (_checkpointLock.Enter())
        {
            // A failure is kept: the volume is not marked clean, and the next opening recovers it.
            _ = TryCheckpointLocked(SuperblockFlags.Clean);
        }
    }

    /// <summary>What an epoch was when it was closed.</summary>
    private sealed record ClosedEpoch(
        ulong Epoch,
        long Root,
        int RootLevel,
        ulong LogTail,
        ulong NextSequence,
        long FreeBlocks,
        long NodeCount,
        ulong NextInode,
        int RetiredCount,
        long[] Chain);
}

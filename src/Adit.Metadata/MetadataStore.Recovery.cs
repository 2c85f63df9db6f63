using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Logging;
using Adit.Metadata.Nodes;

namespace Adit.Metadata;

/// <summary>Recovery: reserve what the log's records take, apply them in order to a new epoch, publish. It changes nothing that
/// the published tree reaches, so a crash during recovery costs nothing.</summary>
public sealed partial class MetadataStore
{
    private ulong _incarnation;
    private long _recoveredCount;

    private static void FindLogEnd(ref LogReader reader)
    {
        while (reader.TryRead(out _, out _))
        {
        }
    }

    private void Recover()
    {
        if (!IsReadOnly)
        {
            _superblocks.MakeEqual();
        }

        ReplayNodeMap();
        _nodes.LoadHints(_superblocks.Current.NodeChunkHints);
        if (_broken != BrokenVariant.SkipRecoveryReservation)
        {
            ReserveTaken();
        }

        ApplyLog();
        Space.ReleasePending(Space.SealPending());
        Space.EndRecovery();
        if (IsReadOnly)
        {
            return;
        }

        _incarnation++;
        if (_recoveredCount > 0)
        {
            CheckpointLocked(SuperblockFlags.None);
            return;
        }

        // Records of this opening must be told from what lies behind the end of the log.
        Superblock superblock = _superblocks.Current;
        superblock.Incarnation = _incarnation;
        superblock.Flags = SuperblockFlags.None;
        superblock.LogHead = _log.Tail;
        superblock.LogSequence = _log.NextSequence;
        _superblocks.Publish(superblock);
        _log.ReleaseUpTo(_log.Tail);
        _publishedTail = _closedTail = _log.Tail;
    }

    /// <summary>Copies the published changes of the node map to their slots: a crash may have come between.</summary>
    private void ReplayNodeMap()
    {
        if (_broken == BrokenVariant.SkipNodeMapReplay)
        {
            return;
        }

        foreach (long block in NodeMapChain.Read(Medium, _layout, _superblocks.Current))
        {
            NodeMapChain.CopyToSlots(Medium, _layout, block);
            _chain.Add(block);
        }

        Medium.Fence();
        foreach (long block in _chain)
        {
            _nodes.Hold(block);
        }
    }

    private void ReserveTaken()
    {
        LogReader reader = new(Medium, _layout, _superblocks.Current, _broken);
        while (reader.TryRead(out LogRecordHeader header, out ReadOnlySpan<byte> bytes))
        {
            OperationReader operations = new(bytes, header.OperationCount);
            while (operations.MoveNext())
            {
                if (operations.Kind is LogOperationKind.Take or LogOperationKind.Grow)
                {
                    CheckBlocks(operations.Blocks);
                    Space.ReserveForRecovery(operations.Blocks);
                }
            }
        }
    }

    private void ApplyLog()
    {
        LogReader reader = new(Medium, _layout, _superblocks.Current, _broken);
        ulong end = _broken == BrokenVariant.DropLastRecord ? _log.NextSequence - 1 : ulong.MaxValue;
        while (reader.TryRead(out LogRecordHeader header, out ReadOnlySpan<byte> operations) && header.Sequence < end)
        {
            if (!_nodes.TryEnsureFree(NodesFor((int)Math.Min(header.OperationCount, int.MaxValue)) + NodesForClosing()))
            {
                throw new VolumeException(
                    Errno.ENOSPC, $"{Medium.Name} has no room to recover its log; open it read-only, or run 'adit fsck --repair'.");
            }

            ApplyRecord(operations, header.OperationCount, changesSpace: true);
            _nextInode = Math.Max(_nextInode, header.NextInode);
            _recoveredCount++;
        }
    }

    private void CheckBlocks(BlockExtent blocks)
    {
        long first = _layout.FirstUsableChunk << Geometry.BlocksPerChunkShift;
        if (blocks.Start.Value < first || blocks.End.Value > _layout.VolumeBlocks || blocks.BlockCount <= 0)
        {
            throw new VolumeException(
                Errno.EUCLEAN, $"{Medium.Name} is damaged: its log takes {blocks}, outside the volume; run 'adit fsck'.");
        }
    }
}

using Adit.Format;
using Adit.Metadata.Logging;

namespace Adit.Metadata;

/// <summary>What a record does to the working tree and the space: the same for a commit and for recovery.</summary>
public sealed partial class MetadataStore
{
    private BlockExtent _taken;

    private void ApplyRecord(ReadOnlySpan<byte> operations, uint operationCount, bool changesSpace)
    {
        _treeLock.EnterExclusive();
        try
        {
            ApplyToTree(operations, operationCount);
        }
        finally
        {
            _treeLock.ExitExclusive();
        }

        // Not under the tree lock: the space may have to read a line from the tree.
        if (changesSpace)
        {
            ApplyToSpace(operations, operationCount);
        }
    }

    private void ApplyToTree(ReadOnlySpan<byte> bytes, uint operationCount)
    {
        OperationReader operations = new(bytes, operationCount);
        while (operations.MoveNext())
        {
            switch (operations.Kind)
            {
                case LogOperationKind.Put when operations.Key.Kind == RecordKind.Extent:
                    Tree.PutExtent(operations.Key, operations.Value);
                    break;
                case LogOperationKind.Put:
                    Tree.Put(operations.Key, operations.Value);
                    break;
                case LogOperationKind.Patch:
                    Tree.Patch(operations.Key, operations.Offset, operations.Value);
                    break;
                case LogOperationKind.Grow:
                    Tree.GrowExtent(operations.Key, operations.Blocks);
                    break;
                case LogOperationKind.Delete when operations.Key.Kind == RecordKind.Extent:
                    Tree.DeleteExtent(operations.Key);
                    break;
                case LogOperationKind.Delete:
                    Tree.Delete(operations.Key);
                    break;
            }
        }
    }

    private void ApplyToSpace(ReadOnlySpan<byte> bytes, uint operationCount)
    {
        OperationReader operations = new(bytes, operationCount);
        while (operations.MoveNext())
        {
            switch (operations.Kind)
            {
                case LogOperationKind.Take:
                case LogOperationKind.Grow:
                    TakeLater(operations.Blocks);
                    break;
                case LogOperationKind.Free:
                    SettleTaken();
                    Space.Free(operations.Blocks);
                    break;
            }
        }
    }

    /// <summary>A file that grows block by block takes one run bit by bit: the run is told to the space as a whole, at the latest
    /// before anything is freed and before the epoch is closed. Until then its blocks are reserved, which keeps them as safe.</summary>
    private void TakeLater(BlockExtent blocks)
    {
        if (_taken.End == blocks.Start && _taken.BlockCount + blocks.BlockCount <= Geometry.BlocksPerChunk)
        {
            _taken = _taken with { BlockCount = _taken.BlockCount + blocks.BlockCount };
            return;
        }

        SettleTaken();
        _taken = blocks;
    }

    private void SettleTaken()
    {
        if (!_taken.IsEmpty)
        {
            Space.Take(_taken);
            _taken = default;
        }
    }
}

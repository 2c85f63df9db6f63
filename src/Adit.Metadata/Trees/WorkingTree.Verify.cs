using System.Diagnostics.CodeAnalysis;
using Adit.Format;

namespace Adit.Metadata.Trees;

internal sealed unsafe partial class WorkingTree
{
    /// <summary>The node at a block, checked the first time it is asked for.</summary>
    /// <exception cref="TreeDamagedException">It does not prove itself.</exception>
    private Node GetNode(long block, int level)
    {
        Node node = default;
        if ((ulong)(block - _firstBlock) < (ulong)(_endBlock - _firstBlock) && _verified.Contains(block))
        {
            node = NodeAt(block);
            if (node.Header.Level == level)
            {
                return node;
            }
        }

        string? reason = Prove(block, level, out node);
        if (reason is not null)
        {
            ThrowDamaged(block, reason);
        }

        return node;
    }

    private bool TryGetNode(long block, int level, out Node node) => Prove(block, level, out node) is null;

    private string? Prove(long block, int level, out Node node)
    {
        node = default;
        if (block < _firstBlock || block >= _endBlock)
        {
            return $"lies outside the volume's blocks {_firstBlock}..{_endBlock - 1}";
        }

        node = NodeAt(block);
        if (!_verified.Contains(block))
        {
            string? reason = NodeProof.Find(node.Start, block, _volumeTag, _openedEpoch);
            if (reason is not null)
            {
                return reason;
            }

            _verified.Set(block);
        }

        return node.Header.Level == level ? null : $"is of level {node.Header.Level} where level {level} is expected";
    }

    [DoesNotReturn]
    private static void ThrowDamaged(long block, string reason) =>
        throw new TreeDamagedException($"The tree node at block {block} {reason}; run 'adit fsck' on the volume.");
}

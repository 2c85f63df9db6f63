using Adit.Interop;

namespace Adit.Dax.Entries;

/// <summary>The sparse nodes of a directory's or chunk node's 64 slots: a table that is there while some slot has one. Read without a
/// lock, changed under the tree's.</summary>
internal struct SparseTable
{
    public const int SlotCount = 64;

    private SparseNode?[]? _nodes;
    private int _count;

    public readonly bool IsEmpty => _count == 0;

    public readonly bool HasRoom => _nodes is not null;

    /// <summary>The newest of the slot's nodes.</summary>
    public SparseNode? this[int slot] => Volatile.Read(ref _nodes) is { } nodes ? Volatile.Read(ref nodes[slot]) : null;

    public void Give(SparseNode?[] room) => Volatile.Write(ref _nodes, room);

    public void Set(int slot, SparseNode? node)
    {
        SparseNode?[]? nodes = _nodes;
        if (nodes is null)
        {
            Invariant.That(node is null);
            return;
        }

        _count += (node is null ? 0 : 1) - (nodes[slot] is null ? 0 : 1);
        Volatile.Write(ref nodes[slot], node);
        if (_count == 0)
        {
            Volatile.Write(ref _nodes, null);
        }
    }
}

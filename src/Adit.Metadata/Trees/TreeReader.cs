using Adit.Format;
using Adit.Interop.Locking;

namespace Adit.Metadata.Trees;

/// <summary>A consistent view of a store's records, held still by the tree lock until it is disposed. Values point into the
/// medium and are valid until then. Begins no transaction while it lives.</summary>
/// <exception cref="TreeDamagedException">From each read: a node does not prove itself.</exception>
public readonly ref struct TreeReader : IDisposable
{
    private readonly WorkingTree _tree;
    private readonly RankedReaderWriterLock? _lock;
    private readonly ref int _count;

    /// <summary>Reads while something else holds the tree still.</summary>
    internal TreeReader(WorkingTree tree) => _tree = tree;

    internal TreeReader(WorkingTree tree, RankedReaderWriterLock treeLock)
    {
        _tree = tree;
        _lock = treeLock;
        _count = ref treeLock.EnterSharedAt();
    }

    public bool TryGet(TreeKey key, out ReadOnlySpan<byte> value) => _tree.TryGet(key, out value);

    /// <summary>The same for a record that was changed a moment ago, without a search. False says nothing.</summary>
    public bool TryGetRecent(TreeKey key, out ReadOnlySpan<byte> value) => _tree.TryGetRemembered(key, out value);

    /// <summary>The record with the largest key not above <paramref name="key"/>.</summary>
    public bool TryGetAtOrBelow(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) =>
        _tree.TryGetAtOrBelow(key, out found, out value);

    /// <summary>The record with the smallest key not below <paramref name="key"/>.</summary>
    public bool TryGetAtOrAbove(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) =>
        _tree.TryGetAtOrAbove(key, out found, out value);

    public void Dispose() => _lock?.ExitSharedAt(ref _count);
}

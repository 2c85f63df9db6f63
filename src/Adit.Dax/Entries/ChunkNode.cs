using System.Runtime.CompilerServices;

namespace Adit.Dax.Entries;

/// <summary>64 chunks of 2 MiB. A chunk is mapped as a whole by the entry in its slot, or page by page by the entries of its leaf or of
/// sparse nodes, never both.</summary>
/// <remarks>The marks of a slot stand for the huge entry, the leaf and the chunk's own sparse nodes.</remarks>
internal sealed class ChunkNode(long firstPage) : LargeNode(firstPage, FirstChunkSlot, ChunkCount, ChunkShift)
{
    /// <summary>Pages of a chunk: 2^9.</summary>
    public const int ChunkShift = 9;

    /// <summary>Pages of the node: 2^15, 128 MiB.</summary>
    public const int NodeShift = 15;

    public const int ChunkCount = 1 << (NodeShift - ChunkShift);

    /// <summary>The huge entries. Others go through <see cref="EntryNode.Read"/> and <see cref="EntryNode.TrySwap"/>.</summary>
    internal EntrySlots Slots;

    /// <summary>Nodes for single pages of a chunk.</summary>
    internal SparseTable Sparse;

    private PageLeaf?[]? _leaves;
    private ulong _dirty;
    private ulong _toWrite;

    /// <summary>Leaves that are there.</summary>
    public int LeafCount { get; private set; }

    public bool HasLeafTable => _leaves is not null;

    /// <summary>Nothing is in it or below.</summary>
    public bool IsBare => LiveCount == 0 && LeafCount == 0 && Sparse.IsEmpty;

    /// <summary>Which of the node's chunks a page lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ChunkOf(long page) => (int)(page >> ChunkShift) & (ChunkCount - 1);

    /// <summary>The slot of a chunk's huge entry.</summary>
    public static int SlotOf(long page) => FirstChunkSlot + ChunkOf(page);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageLeaf? LeafOf(int chunk)
    {
        PageLeaf?[]? leaves = Volatile.Read(ref _leaves);
        return leaves is null ? null : Volatile.Read(ref leaves[chunk]);
    }

    public void SetLeafTable(PageLeaf?[] leaves) => Volatile.Write(ref _leaves, leaves);

    public void SetLeaf(int chunk, PageLeaf? leaf)
    {
        Volatile.Write(ref _leaves![chunk], leaf);
        LeafCount += leaf is null ? -1 : 1;
        if (LeafCount == 0)
        {
            Volatile.Write(ref _leaves, null);
        }
    }

    public override void SetMark(int slot, EntryMark mark, bool isSet)
    {
        ref ulong word = ref mark == EntryMark.Dirty ? ref _dirty : ref _toWrite;
        ulong bit = 1UL << (slot - FirstChunkSlot);
        word = isSet ? word | bit : word & ~bit;
    }

    public override bool HasMark(EntryMark mark) => (mark == EntryMark.Dirty ? _dirty : _toWrite) != 0;

    /// <summary>Makes the marks of a chunk those of what is in it.</summary>
    public void RefreshMarks(int chunk)
    {
        PageEntry huge = Read(FirstChunkSlot + chunk);
        PageLeaf? leaf = LeafOf(chunk);
        SparseNode? sparse = Sparse[chunk];
        SetMark(FirstChunkSlot + chunk, EntryMark.Dirty, huge.IsDirty || HasMark(leaf, sparse, EntryMark.Dirty));
        SetMark(FirstChunkSlot + chunk, EntryMark.ToWrite, huge.Has(PageEntry.ToWrite) || HasMark(leaf, sparse, EntryMark.ToWrite));
    }

    /// <summary>Finds the first entry with a mark in a range: the huge one of a chunk, or a page.</summary>
    public bool TryNext(EntryMark mark, long first, long end, out EntryRef entry)
    {
        int from = (int)Math.Min(ChunkCount, Math.Max(0, first - FirstPage) >> ChunkShift);
        for (int chunk = NextMarked(mark, from); chunk < ChunkCount; chunk = NextMarked(mark, chunk + 1))
        {
            int slot = FirstChunkSlot + chunk;
            if (FirstPage + ((long)chunk << ChunkShift) >= end)
            {
                break;
            }

            if (Read(slot).Matches(mark))
            {
                entry = new EntryRef(this, slot);
                return true;
            }

            EntryRef found = default;
            if (LeafOf(chunk) is { } leaf && leaf.TryNext(mark, first, end, out EntryRef page))
            {
                found = page;
                end = page.Pages.First.Value;
            }

            if (Sparse[chunk] is { } sparse && sparse.TryNext(mark, first, end, out page))
            {
                found = page;
            }

            if (found.Node is not null)
            {
                entry = found;
                return true;
            }
        }

        entry = default;
        return false;
    }

    private int NextMarked(EntryMark mark, int chunk) =>
        mark == EntryMark.Live ? chunk : DirectoryNode.NextSet(mark == EntryMark.Dirty ? _dirty : _toWrite, chunk);

    private static bool HasMark(PageLeaf? leaf, SparseNode? sparse, EntryMark mark) =>
        (leaf is not null && leaf.HasMark(mark)) || (sparse is not null && sparse.HasMark(mark));

    [InlineArray(ChunkCount)]
    internal struct EntrySlots
    {
        private ulong _first;
    }
}

namespace Adit.Dax.Entries;

/// <summary>64 chunks of 2 MiB. A chunk is mapped as a whole by the entry in its slot, or page by page by the entries in its eight
/// leaves, never both.</summary>
/// <remarks>The marks of a slot stand for the huge entry or for the leaves.</remarks>
internal sealed class ChunkNode(long firstPage) : EntryNode(firstPage, 1 << ChunkShift)
{
    /// <summary>Pages of a chunk: 2^9.</summary>
    public const int ChunkShift = 9;

    /// <summary>Pages of a leaf: 2^6.</summary>
    public const int LeafShift = 6;

    /// <summary>Pages of the node: 2^15, 128 MiB.</summary>
    public const int NodeShift = 15;

    public const int LeavesPerChunk = 1 << (ChunkShift - LeafShift);

    /// <summary>A huge entry's dirty bytes are known by 64ths, 32 KiB each.</summary>
    public const int PartShift = ChunkShift - 6;

    private EntryNode?[]? _leaves;
    private ulong[]? _dirtyParts;

    /// <summary>Leaves that are there.</summary>
    public int LeafCount { get; set; }

    public bool HasLeafTable => _leaves is not null;

    public bool HasPartTable => Volatile.Read(ref _dirtyParts) is not null;

    public EntryNode? LeafOf(long page)
    {
        EntryNode?[]? leaves = Volatile.Read(ref _leaves);
        return leaves is null ? null : Volatile.Read(ref leaves[LeafIndex(page)]);
    }

    public void SetLeafTable(EntryNode?[] leaves) => Volatile.Write(ref _leaves, leaves);

    public void SetLeaf(long page, EntryNode? leaf)
    {
        Volatile.Write(ref _leaves![LeafIndex(page)], leaf);
        LeafCount += leaf is null ? -1 : 1;
    }

    /// <summary>Some page of the chunk has an entry of its own.</summary>
    public bool HasPagesAt(int chunkSlot)
    {
        if (_leaves is not null)
        {
            foreach (EntryNode? leaf in _leaves.AsSpan(chunkSlot * LeavesPerChunk, LeavesPerChunk))
            {
                if (leaf is { LiveCount: > 0 })
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Gives the node room to know which parts of huge entries are dirty. The first one given is kept.</summary>
    public void GivePartTable(ulong[] parts) => Interlocked.CompareExchange(ref _dirtyParts, parts, null);

    /// <summary>Adds dirty parts of a huge entry. The entry's own dirty bit says whether they count.</summary>
    public void AddDirtyParts(int slot, ulong parts)
    {
        ulong[] table = _dirtyParts!;
        if ((Volatile.Read(ref table[slot]) & parts) != parts)
        {
            Interlocked.Or(ref table[slot], parts);
        }
    }

    public ulong DirtyParts(int slot) => _dirtyParts is { } table ? Volatile.Read(ref table[slot]) : ~0UL;

    public void ClearDirtyParts(int slot)
    {
        if (_dirtyParts is { } table)
        {
            Volatile.Write(ref table[slot], 0);
        }
    }

    /// <summary>The parts of a huge entry that pages of its chunk lie in.</summary>
    public static ulong PartsOf(long firstPage, long pageCount)
    {
        int first = (int)(firstPage & ((1 << ChunkShift) - 1)) >> PartShift;
        int last = (int)((firstPage + pageCount - 1) & ((1 << ChunkShift) - 1)) >> PartShift;
        return ((ulong.MaxValue >> (63 - last)) >> first) << first;
    }

    private static int LeafIndex(long page) => (int)(page >> LeafShift) & ((SlotCount * LeavesPerChunk) - 1);
}

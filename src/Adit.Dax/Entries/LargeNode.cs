using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>A node whose entries stand for many pages each: of those it is known which were stored to.</summary>
/// <param name="firstPage">The first page of the file that the node stands for.</param>
/// <param name="firstSlot">The number of its first slot.</param>
/// <param name="slotCount">How many it has.</param>
/// <param name="entryShift">An entry stands for 2^entryShift pages.</param>
internal abstract class LargeNode(long firstPage, int firstSlot, int slotCount, int entryShift) : EntryNode(firstPage)
{
    // DirtyPages of each 2 MiB: all of the first slot, of the second, and so on. Made when the first entry is stored to.
    private uint[]? _dirtyPages;

    /// <summary>Chunks of 2 MiB that an entry stands for.</summary>
    public int ChunksPerEntry { get; } = 1 << (entryShift - ChunkNode.ChunkShift);

    public bool HasDirtyTable => Volatile.Read(ref _dirtyPages) is not null;

    public override PageRange PagesAt(int slot) => new(new PageIndex(FirstPage + ((long)(slot - firstSlot) << entryShift)), 1L << entryShift);

    /// <summary>Makes room to know which pages were stored to, to be given to the node.</summary>
    public uint[] MakeDirtyTable() => new uint[slotCount * ChunksPerEntry];

    /// <summary>Gives the node room to know which pages were stored to. The first one given is kept.</summary>
    public void GiveDirtyTable(uint[] table) => Interlocked.CompareExchange(ref _dirtyPages, table, null);

    /// <summary>Adds pages to those of an entry that were stored to. The entry's own dirty bit says whether they count.</summary>
    public void AddDirty(int slot, PageRange stored)
    {
        PageRange pages = PagesAt(slot);
        PageRange inEntry = pages.Intersect(stored);
        long end = inEntry.End - pages.First;
        for (long page = inEntry.First - pages.First; page < end;)
        {
            int chunk = (int)(page >> ChunkNode.ChunkShift);
            long chunkStart = (long)chunk << ChunkNode.ChunkShift;
            long next = Math.Min(end, chunkStart + (1 << ChunkNode.ChunkShift));
            Add(ref WordAt(_dirtyPages!, slot, chunk), (int)(page - chunkStart), (int)(next - page));
            page = next;
        }
    }

    /// <summary>The pages of one chunk of an entry that were stored to.</summary>
    public DirtyPages DirtyAt(int slot, int chunk) => _dirtyPages is { } table ? new(Volatile.Read(ref WordAt(table, slot, chunk))) : DirtyPages.All;

    public void ClearDirty(int slot) => _dirtyPages?.AsSpan((slot - firstSlot) * ChunksPerEntry, ChunksPerEntry).Clear();

    private static void Add(ref uint word, int first, int count)
    {
        while (true)
        {
            DirtyPages known = new(Volatile.Read(ref word));
            DirtyPages all = known.With(first, count);
            if (all == known || Interlocked.CompareExchange(ref word, all.Bits, known.Bits) == known.Bits)
            {
                return;
            }
        }
    }

    private ref uint WordAt(uint[] table, int slot, int chunk) => ref table[((slot - firstSlot) * ChunksPerEntry) + chunk];
}

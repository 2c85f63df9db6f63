using System.Runtime.CompilerServices;
using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>A place where entries are kept: a <see cref="PageLeaf"/> (512 pages side by side), a <see cref="ChunkNode"/> (64 chunks of
/// 2 MiB), a <see cref="GiantNode"/> (8 times 1 GiB) or a <see cref="SparseNode"/> (pages that lie alone).</summary>
/// <remarks>
/// Entries are read and swapped by any thread without a lock. An entry appears in an empty slot, and a slot becomes empty, under the
/// tree's lock only; so are the marks and the count changed. What a slot stands for never changes, so a swap that expects an entry finds
/// that very entry or fails. An entry that is locked or waited for is never moved: who has it locked can go on using
/// the node and slot it was found at. One that is pinned may be: who lets it go and finds the slot empty looks for it again.
/// <para>Slots are numbered apart by kind of node, so that where an entry is follows from its number, without a look at the node.</para>
/// </remarks>
internal abstract class EntryNode(long firstPage)
{
    /// <summary>Slots of a <see cref="ChunkNode"/> begin here; below are those of a <see cref="PageLeaf"/>.</summary>
    public const int FirstChunkSlot = PageLeaf.PageCount;

    /// <summary>Slots of a <see cref="GiantNode"/> begin here.</summary>
    public const int FirstGiantSlot = FirstChunkSlot + ChunkNode.ChunkCount;

    /// <summary>Slots of a <see cref="SparseNode"/> begin here.</summary>
    public const int FirstSparseSlot = 1024;

    /// <summary>The first page of the file that the node stands for.</summary>
    public long FirstPage { get; } = firstPage;

    /// <summary>Slots that are not empty.</summary>
    public int LiveCount { get; set; }

    /// <summary>The pages that a slot's entry stands for.</summary>
    public abstract PageRange PagesAt(int slot);

    /// <summary>Sets or clears a mark of a slot that had it not, or had it.</summary>
    public abstract void SetMark(int slot, EntryMark mark, bool isSet);

    /// <summary>Some slot has the mark. Of a chunk node: something in it or below.</summary>
    public abstract bool HasMark(EntryMark mark);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageEntry Read(int slot) => new(Volatile.Read(ref At(slot)));

    /// <summary>Replaces an entry if it still is what it was.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySwap(int slot, PageEntry expected, PageEntry value) =>
        Interlocked.CompareExchange(ref At(slot), value.Bits, expected.Bits) == expected.Bits;

    /// <summary>Sets and clears bits at once, whatever else changes meanwhile. An empty slot stays empty: the entry was moved.</summary>
    /// <returns>The entry as it was before.</returns>
    public PageEntry Change(int slot, ulong set, ulong clear)
    {
        while (true)
        {
            PageEntry seen = Read(slot);
            if (seen.IsNone || TrySwap(slot, seen, seen.Without(clear).With(set)))
            {
                return seen;
            }
        }
    }

    /// <summary>Takes an entry that nobody works or waits at out of its slot, to put it elsewhere.</summary>
    protected bool TryClaim(int slot, out PageEntry entry)
    {
        while (true)
        {
            entry = Read(slot);
            if (entry.IsNone || !entry.IsMovable)
            {
                return false;
            }

            if (TrySwap(slot, entry, default))
            {
                LiveCount--;
                if (entry.IsDirty)
                {
                    SetMark(slot, EntryMark.Dirty, isSet: false);
                }

                if (entry.Has(PageEntry.ToWrite))
                {
                    SetMark(slot, EntryMark.ToWrite, isSet: false);
                }

                return true;
            }
        }
    }

    /// <summary>Counts and marks an entry that was put into a slot.</summary>
    protected void Welcome(int slot, PageEntry entry)
    {
        LiveCount++;
        if (entry.IsDirty)
        {
            SetMark(slot, EntryMark.Dirty, isSet: true);
        }

        if (entry.Has(PageEntry.ToWrite))
        {
            SetMark(slot, EntryMark.ToWrite, isSet: true);
        }
    }

    // What a node is follows from the slot's number, so these casts of the hot path are not checked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong At(int slot)
    {
        if (slot < FirstChunkSlot)
        {
            return ref Unsafe.As<PageLeaf>(this).Slots[slot];
        }

        if (slot < FirstGiantSlot)
        {
            return ref Unsafe.As<ChunkNode>(this).Slots[slot - FirstChunkSlot];
        }

        return ref AtSeldom(slot);
    }

    private ref ulong AtSeldom(int slot)
    {
        if (slot < FirstSparseSlot)
        {
            return ref Unsafe.As<GiantNode>(this).Slots[slot - FirstGiantSlot];
        }

        return ref Unsafe.As<SparseNode>(this).Entries[slot - FirstSparseSlot];
    }
}

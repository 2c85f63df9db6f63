using System.Runtime.CompilerServices;
using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>Where an entry is kept.</summary>
internal readonly record struct EntryRef(EntryNode Node, int Slot)
{
    /// <summary>The pages of the file that it stands for.</summary>
    public PageRange Pages => Node.PagesAt(Slot);

    /// <summary>It stands for 512 pages.</summary>
    public bool IsHuge => (uint)(Slot - EntryNode.FirstChunkSlot) < EntryNode.FirstSparseSlot - EntryNode.FirstChunkSlot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageEntry Read() => Node.Read(Slot);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySwap(PageEntry expected, PageEntry value) => Node.TrySwap(Slot, expected, value);

    /// <inheritdoc cref="EntryNode.Change"/>
    public PageEntry Change(ulong set, ulong clear) => Node.Change(Slot, set, clear);
}

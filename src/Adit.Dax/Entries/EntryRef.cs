using System.Runtime.CompilerServices;
using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>Where an entry is kept.</summary>
internal readonly record struct EntryRef(EntryNode Node, int Slot)
{
    /// <summary>The pages of the file that it stands for.</summary>
    public PageRange Pages => Node.PagesAt(Slot);

    /// <summary>It stands for more than a page; its node is a <see cref="LargeNode"/>.</summary>
    public bool IsLarge => (uint)(Slot - EntryNode.FirstChunkSlot) < EntryNode.FirstSparseSlot - EntryNode.FirstChunkSlot;

    public EntrySize Size => !IsLarge ? EntrySize.Page : Slot < EntryNode.FirstGiantSlot ? EntrySize.Huge : EntrySize.Giant;

    /// <summary>It stands for 2^Shift pages.</summary>
    public int Shift => !IsLarge ? 0 : Slot < EntryNode.FirstGiantSlot ? ChunkNode.ChunkShift : GiantNode.GiantShift;

    /// <summary>The node of a large entry.</summary>
    public LargeNode Large => Unsafe.As<LargeNode>(Node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageEntry Read() => Node.Read(Slot);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySwap(PageEntry expected, PageEntry value) => Node.TrySwap(Slot, expected, value);

    /// <inheritdoc cref="EntryNode.Change"/>
    public PageEntry Change(ulong set, ulong clear) => Node.Change(Slot, set, clear);
}

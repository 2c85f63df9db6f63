using System.Runtime.CompilerServices;

namespace Adit.Dax.Entries;

/// <summary>The 1 GiB entries of a lowest directory's 8 GiB. Where one is, nothing else is mapped.</summary>
internal sealed class GiantNode(long firstPage) : LargeNode(firstPage, FirstGiantSlot, EntryCount, GiantShift)
{
    /// <summary>Pages of an entry: 2^18.</summary>
    public const int GiantShift = 18;

    public const int EntryCount = 1 << (ChunkNode.NodeShift + 6 - GiantShift);

    /// <summary>The entries. Others go through <see cref="EntryNode.Read"/> and <see cref="EntryNode.TrySwap"/>.</summary>
    internal EntrySlots Slots;

    private uint _dirty;
    private uint _toWrite;

    /// <summary>The slot of the entry that stands for a page.</summary>
    public static int SlotOf(long page) => FirstGiantSlot + ((int)(page >> GiantShift) & (EntryCount - 1));

    public override void SetMark(int slot, EntryMark mark, bool isSet)
    {
        ref uint word = ref mark == EntryMark.Dirty ? ref _dirty : ref _toWrite;
        uint bit = 1U << (slot - FirstGiantSlot);
        word = isSet ? word | bit : word & ~bit;
    }

    public override bool HasMark(EntryMark mark) => (mark == EntryMark.Dirty ? _dirty : _toWrite) != 0;

    [InlineArray(EntryCount)]
    internal struct EntrySlots
    {
        private ulong _first;
    }
}

using System.Runtime.CompilerServices;

namespace Adit.Metadata.Space;

/// <summary>A growing list of slots of the line table.</summary>
internal sealed class SlotList
{
    private int[] _slots = new int[64];

    public int Count { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int slot)
    {
        if (Count == _slots.Length)
        {
            Array.Resize(ref _slots, Count * 2);
        }

        _slots[Count++] = slot;
    }

    /// <summary>Takes the slot that was added last off the list, or returns false.</summary>
    public bool TryTake(out int slot)
    {
        if (Count == 0)
        {
            slot = -1;
            return false;
        }

        slot = _slots[--Count];
        return true;
    }
}

using Adit.Format;
using Adit.Fuse.Succession;
using Adit.Interop;

namespace Adit.Fuse.Session;

/// <summary>The lookup counts as they are kept in the session's memory: a place for each inode that the kernel holds, given out and taken back. A place
/// never moves, so each change is one store of a count.</summary>
/// <remarks>Thread-safe; a place's count is its owner's to set. Does nothing without memory.</remarks>
internal sealed unsafe class HeldInodes(SessionMemory? memory)
{
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = [];
    private readonly HeldSlot* _slots = memory is null ? null : memory.Held;

    /// <summary>A place for an inode, with count 0.</summary>
    public int Take(ulong inode)
    {
        if (_slots == null)
        {
            return 0;
        }

        int place;
        lock (_lock)
        {
            if (!_free.TryPop(out place))
            {
                long used = memory!.Head.HeldCount;
                Invariant.That(used < SessionMemory.MaxHeldInodes, "the kernel holds no more inodes than memory has");
                place = (int)used;
                Volatile.Write(ref memory.Head.HeldCount, used + 1);
            }
        }

        _slots[place].Inode = inode;
        return place;
    }

    /// <summary>Changes a place's count, and with it the progress of the request that this belongs to, if there is one: <see cref="Change"/>.</summary>
    public void Set(int place, ulong count, ChannelArea* area)
    {
        if (_slots == null)
        {
            return;
        }

        if (area == null)
        {
            Volatile.Write(ref _slots[place].Count, count);
        }
        else
        {
            Change(_slots, place, count, area);
        }
    }

    /// <summary>Changes a place's count and the progress of a request by one: a node was given, taken back or forgotten. A kill leaves both done or
    /// neither, once <see cref="Undo"/> has undone the half.</summary>
    /// <param name="slots">Of the memory.</param>
    /// <param name="place">Nobody else changes its count meanwhile.</param>
    /// <param name="count">Its new count.</param>
    /// <param name="area">Of the request.</param>
    public static void Change(HeldSlot* slots, long place, ulong count, ChannelArea* area)
    {
        ref ulong held = ref slots[place].Count;
        ref int progress = ref area->Progress;
        int next = progress + (area->Forgets || count > held ? 1 : -1);
        area->CountBefore = held;
        area->ProgressBefore = progress;
        Volatile.Write(ref area->CountingPlace, place + 1);
        Volatile.Write(ref held, count);
        Volatile.Write(ref progress, next);
        Volatile.Write(ref area->CountingPlace, 0);
    }

    /// <summary>A change that a kill cut in two did not happen. The dead server had the place locked: nobody has changed it since.</summary>
    public static void Undo(HeldSlot* slots, ChannelArea* area)
    {
        if (area->CountingPlace != 0)
        {
            Volatile.Write(ref slots[area->CountingPlace - 1].Count, area->CountBefore);
            Volatile.Write(ref area->Progress, area->ProgressBefore);
            Volatile.Write(ref area->CountingPlace, 0);
        }
    }

    /// <summary>Gives back a place whose count is 0.</summary>
    public void Return(int place)
    {
        if (_slots != null)
        {
            lock (_lock)
            {
                _free.Push(place);
            }
        }
    }

    /// <summary>Tells all that the memory holds, with their places.</summary>
    public void Adopt(Action<InodeNumber, ulong, int> adopt)
    {
        for (int place = 0; place < memory!.Head.HeldCount; place++)
        {
            if (_slots[place].Count != 0)
            {
                adopt(new InodeNumber(_slots[place].Inode), _slots[place].Count, place);
            }
            else
            {
                _free.Push(place);
            }
        }
    }
}

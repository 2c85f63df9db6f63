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

    public void Set(int place, ulong count)
    {
        if (_slots != null)
        {
            Volatile.Write(ref _slots[place].Count, count);
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

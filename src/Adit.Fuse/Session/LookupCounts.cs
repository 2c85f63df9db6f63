using Adit.Format;
using Adit.Fuse.Succession;
using Adit.Interop;

namespace Adit.Fuse.Session;

/// <summary>How often the kernel holds each inode: one for every entry replied, less what it forgot; and what it may have cached of
/// it. The nodes below retain an inode as often; what the kernel never gives back (an unmount forgets nothing) is given back from here.</summary>
/// <remarks>Safe for many threads: shards with a lock each. Grows with the inodes the kernel knows; a lookup of a
/// known inode allocates nothing.</remarks>
internal sealed unsafe class LookupCounts
{
    private const int ShardCount = 64;
    private readonly Shard[] _shards = new Shard[ShardCount];
    private readonly HeldInodes _held;

    /// <summary>The root is never looked up: the kernel holds it from the start.</summary>
    private int _cachedOfRoot;

    /// <param name="memory">Where the counts are kept too, so that they outlive the process; null: nowhere.</param>
    public LookupCounts(SessionMemory? memory = null)
    {
        _held = new HeldInodes(memory);
        for (int index = 0; index < ShardCount; index++)
        {
            _shards[index] = new Shard(_held);
        }
    }

    /// <summary>Takes over what the memory says. What the kernel has cached of those inodes is not known: all of it, then.</summary>
    public void Adopt()
    {
        _held.Adopt((inode, count, place) => ShardOf(inode).Adopt(inode.Value, count, place));
        Mark(InodeNumber.Root, KernelCache.All);
    }

    /// <summary>One more entry is replied, with its attributes.</summary>
    /// <param name="inode">What it stands for.</param>
    /// <param name="area">Of the request that is replied to: has it among what was given. Null: of none.</param>
    public void Add(InodeNumber inode, ChannelArea* area = null)
    {
        if (area != null)
        {
            Invariant.That(area->GivenCount < ChannelArea.MaxGiven, "a reply has no more entries than fit into it");
            ChannelArea.Given(area)[area->GivenCount] = inode.Value;
        }

        ShardOf(inode).Add(inode.Value, area);
    }

    /// <summary>Before the kernel is given something: it may cache it. A full fence, so that a change that this does not see
    /// sees the mark.</summary>
    public void Mark(InodeNumber inode, KernelCache what)
    {
        if (inode == InodeNumber.Root)
        {
            Interlocked.Or(ref _cachedOfRoot, (int)what);
        }
        else
        {
            ShardOf(inode).Mark(inode.Value, what);
        }
    }

    /// <summary>Takes marks off, because the kernel is about to be told.</summary>
    /// <returns>Those that were there: of the others it has nothing cached.</returns>
    public KernelCache Take(InodeNumber inode, KernelCache what) => inode == InodeNumber.Root
        ? (KernelCache)Interlocked.And(ref _cachedOfRoot, ~(int)what) & what
        : ShardOf(inode).Take(inode.Value, what);

    /// <summary>Takes off up to <paramref name="count"/>.</summary>
    /// <param name="inode">What is held less.</param>
    /// <param name="count">How often.</param>
    /// <param name="area">Of the request that this belongs to: it forgets the inode, or takes back what it gave last. Null: of none.</param>
    /// <returns>How many were really held; when none, no request has progressed.</returns>
    public ulong Release(InodeNumber inode, ulong count, ChannelArea* area = null) => ShardOf(inode).Release(inode.Value, count, area);

    public bool IsKnown(InodeNumber inode) => inode == InodeNumber.Root || ShardOf(inode).Contains(inode.Value);

    public long InodeCount
    {
        get
        {
            long count = 0;
            foreach (Shard shard in _shards)
            {
                count += shard.InodeCount;
            }

            return count;
        }
    }

    /// <summary>The sum of all counts: as many entries as the kernel got and has not given back.</summary>
    public long Total
    {
        get
        {
            long total = 0;
            foreach (Shard shard in _shards)
            {
                total += shard.Total;
            }

            return total;
        }
    }

    /// <summary>Takes everything off, telling each inode and its count once.</summary>
    public void Drain(Action<InodeNumber, ulong> release)
    {
        foreach (Shard shard in _shards)
        {
            shard.Drain(release);
        }
    }

    /// <summary>The inodes held now.</summary>
    public List<InodeNumber> Snapshot()
    {
        List<InodeNumber> inodes = [];
        foreach (Shard shard in _shards)
        {
            shard.CopyTo(inodes);
        }

        return inodes;
    }

    private Shard ShardOf(InodeNumber inode) => _shards[(int)(Scatter(inode.Value) >> 58)];

    // Inode numbers follow one another: multiply, so that neighbours fall far apart.
    private static ulong Scatter(ulong inode) => inode * 0x9E37_79B9_7F4A_7C15;

    /// <summary>An open-addressed table; a removed slot is closed by moving later ones back, so none stay marked.</summary>
    private sealed class Shard(HeldInodes held)
    {
        private readonly Lock _lock = new();
        private Slot[] _slots = new Slot[16];
        private int _used;

        public int InodeCount => Volatile.Read(ref _used);

        public long Total
        {
            get
            {
                long total = 0;
                lock (_lock)
                {
                    foreach (Slot slot in _slots)
                    {
                        total += (long)slot.Count;
                    }
                }

                return total;
            }
        }

        public void Add(ulong inode, ChannelArea* area)
        {
            lock (_lock)
            {
                int index = Find(inode);
                if (_slots[index].Count == 0)
                {
                    if ((_used + 1) * 4 > _slots.Length * 3)
                    {
                        Grow();
                        index = Find(inode);
                    }

                    _slots[index].Inode = inode;
                    _slots[index].Place = held.Take(inode);
                    _used++;
                }

                held.Set(_slots[index].Place, ++_slots[index].Count, area);
                _slots[index].Cached |= KernelCache.Attributes;
            }
        }

        public void Adopt(ulong inode, ulong count, int place)
        {
            lock (_lock)
            {
                if ((_used + 1) * 4 > _slots.Length * 3)
                {
                    Grow();
                }

                _slots[Find(inode)] = new Slot { Inode = inode, Count = count, Place = place, Cached = KernelCache.All };
                _used++;
            }
        }

        public void Mark(ulong inode, KernelCache what)
        {
            lock (_lock)
            {
                int index = Find(inode);
                if (_slots[index].Count != 0)
                {
                    _slots[index].Cached |= what;
                }
            }
        }

        public KernelCache Take(ulong inode, KernelCache what)
        {
            lock (_lock)
            {
                ref Slot slot = ref _slots[Find(inode)];
                KernelCache taken = slot.Cached & what;
                slot.Cached &= ~what;
                return taken;
            }
        }

        public ulong Release(ulong inode, ulong count, ChannelArea* area)
        {
            lock (_lock)
            {
                int index = Find(inode);
                ulong released = Math.Min(count, _slots[index].Count);
                if (released == 0)
                {
                    return 0;
                }

                _slots[index].Count -= released;
                held.Set(_slots[index].Place, _slots[index].Count, area);
                if (_slots[index].Count == 0)
                {
                    held.Return(_slots[index].Place);
                    Close(index);
                    _used--;
                }

                return released;
            }
        }

        public bool Contains(ulong inode)
        {
            lock (_lock)
            {
                return _slots[Find(inode)].Count != 0;
            }
        }

        public void Drain(Action<InodeNumber, ulong> release)
        {
            Slot[] taken;
            lock (_lock)
            {
                taken = _slots;
                _slots = new Slot[16];
                _used = 0;
            }

            foreach (Slot slot in taken)
            {
                if (slot.Count != 0)
                {
                    release(new InodeNumber(slot.Inode), slot.Count);
                }
            }
        }

        public void CopyTo(List<InodeNumber> inodes)
        {
            lock (_lock)
            {
                foreach (Slot slot in _slots)
                {
                    if (slot.Count != 0)
                    {
                        inodes.Add(new InodeNumber(slot.Inode));
                    }
                }
            }
        }

        private int Home(ulong inode) => (int)(Scatter(inode) >> 26) & (_slots.Length - 1);

        private int Find(ulong inode)
        {
            int index = Home(inode);
            while (_slots[index].Count != 0 && _slots[index].Inode != inode)
            {
                index = (index + 1) & (_slots.Length - 1);
            }

            return index;
        }

        private void Close(int hole)
        {
            int mask = _slots.Length - 1;
            int index = hole;
            while (true)
            {
                index = (index + 1) & mask;
                if (_slots[index].Count == 0)
                {
                    break;
                }

                // May move back only if its home is not behind the hole.
                int fromHome = (index - Home(_slots[index].Inode)) & mask;
                int fromHole = (index - hole) & mask;
                if (fromHome >= fromHole)
                {
                    _slots[hole] = _slots[index];
                    hole = index;
                }
            }

            _slots[hole] = default;
        }

        private void Grow()
        {
            Slot[] old = _slots;
            _slots = new Slot[old.Length * 2];
            foreach (Slot slot in old)
            {
                if (slot.Count != 0)
                {
                    _slots[Find(slot.Inode)] = slot;
                }
            }
        }

        private struct Slot
        {
            public ulong Inode;
            public ulong Count;
            public KernelCache Cached;

            /// <summary>In the session's memory.</summary>
            public int Place;
        }
    }
}

namespace Adit.Dax.Entries;

/// <summary>The queues of those who wait at entries, of all address spaces: a table of queues by a hash of node and slot, so that an
/// entry needs no more than a bit.</summary>
/// <remarks>
/// No wake-up is lost: a waiter looks at the entry, sets the bit that says that somebody waits, and joins its queue, all under the
/// queue's gate; the bit is set by a compare-and-swap with the very entry that made it wait. Whoever ends that state swaps the entry,
/// so sees the bit, and takes the gate. The key is the place that the waiter saw, so an entry of another size cannot take its
/// wake-ups. Who is woken for a lock and finds it taken again joins anew; the one that took it wakes the next. When an
/// entry goes away, all are woken.
/// </remarks>
internal static class EntryWaits
{
    private const int QueueCount = 1024;

    private static readonly Queue[] Queues = MakeQueues();

    /// <summary>Waits while the entry is locked. Returns when the caller should look again.</summary>
    public static void WaitForLock(EntryRef entry)
    {
        BlockedThread waiter = BlockedThread.Mine;
        if (TryJoin(entry, EntryWait.Lock, waiter))
        {
            waiter.Sleep();
        }
    }

    /// <summary>Waits while the entry has pins.</summary>
    /// <returns>False when it was late or was cancelled.</returns>
    public static bool WaitForPins(EntryRef entry, long deadline, CancellationToken token)
    {
        BlockedThread waiter = BlockedThread.Mine;
        if (!TryJoin(entry, EntryWait.Pins, waiter) || waiter.Sleep(deadline, token))
        {
            return true;
        }

        if (TryLeave(waiter))
        {
            return false;
        }

        // Somebody has taken it off the queue just now. Their signal must not come in a later wait of this thread.
        waiter.Sleep();
        return true;
    }

    /// <summary>Has a waiter signalled when the entry has no pins.</summary>
    /// <returns>False if it has none now; then the waiter is not signalled.</returns>
    public static bool TryJoin(EntryRef entry, EntryWait kind, EntryWaiter waiter)
    {
        (waiter as BlockedThread)?.Reset();
        waiter.Entry = entry;
        waiter.Kind = kind;
        ulong bit = kind == EntryWait.Lock ? PageEntry.Contended : PageEntry.Awaited;
        Queue queue = QueueOf(entry);
        lock (queue)
        {
            while (true)
            {
                PageEntry seen = entry.Read();
                if (kind == EntryWait.Lock ? !seen.IsLocked : seen.Pins == 0)
                {
                    return false;
                }

                if (seen.Has(bit) || entry.TrySwap(seen, seen.With(bit)))
                {
                    queue.Add(waiter);
                    return true;
                }
            }
        }
    }

    /// <summary>After a contended entry was unlocked: wakes the one that has waited longest.</summary>
    public static void WakeOne(EntryRef entry)
    {
        EntryWaiter? woken;
        Queue queue = QueueOf(entry);
        lock (queue)
        {
            woken = queue.TakeFirst(entry, EntryWait.Lock);
            if (!queue.Has(entry, EntryWait.Lock))
            {
                ClearUnlessNone(entry, PageEntry.Contended);
            }
        }

        woken?.Signal();
    }

    /// <summary>After the last pin of an awaited entry is gone.</summary>
    public static void WakeForPins(EntryRef entry) => WakeAll(entry, EntryWait.Pins);

    /// <summary>After the entry was taken out of the tree.</summary>
    public static void WakeForRemoval(EntryRef entry, PageEntry removed)
    {
        if (removed.Has(PageEntry.Contended))
        {
            WakeAll(entry, EntryWait.Lock);
        }

        if (removed.Has(PageEntry.Awaited))
        {
            WakeAll(entry, EntryWait.Pins);
        }
    }

    private static void WakeAll(EntryRef entry, EntryWait kind)
    {
        while (true)
        {
            EntryWaiter? woken;
            Queue queue = QueueOf(entry);
            lock (queue)
            {
                woken = queue.TakeFirst(entry, kind);
            }

            if (woken is null)
            {
                return;
            }

            woken.Signal();
        }
    }

    /// <returns>False if it was not in its queue any more: it is being signalled.</returns>
    private static bool TryLeave(BlockedThread waiter)
    {
        Queue queue = QueueOf(waiter.Entry);
        lock (queue)
        {
            return queue.Remove(waiter);
        }
    }

    private static void ClearUnlessNone(EntryRef entry, ulong bit)
    {
        while (true)
        {
            PageEntry seen = entry.Read();
            if (!seen.Has(bit) || entry.TrySwap(seen, seen.Without(bit)))
            {
                return;
            }
        }
    }

    private static Queue QueueOf(EntryRef entry)
    {
        // The entry's place in its file spreads entries of one space; the hash of the node's identity those of different ones.
        uint hash = (uint)System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(entry.Node) + ((uint)entry.Slot * 0x9E3779B1u);
        return Queues[(hash ^ (hash >> 15)) & (QueueCount - 1)];
    }

    private static Queue[] MakeQueues()
    {
        Queue[] queues = new Queue[QueueCount];
        for (int i = 0; i < queues.Length; i++)
        {
            queues[i] = new Queue();
        }

        return queues;
    }

    /// <summary>Those who wait at the entries that hash here, in the order they came. Its own monitor is the gate.</summary>
    private sealed class Queue
    {
        private EntryWaiter? _first;

        public void Add(EntryWaiter waiter)
        {
            waiter.Next = null;
            if (_first is null)
            {
                _first = waiter;
                return;
            }

            EntryWaiter last = _first;
            while (last.Next is { } next)
            {
                last = next;
            }

            last.Next = waiter;
        }

        public bool Has(EntryRef entry, EntryWait kind)
        {
            for (EntryWaiter? waiter = _first; waiter is not null; waiter = waiter.Next)
            {
                if (Matches(waiter, entry, kind))
                {
                    return true;
                }
            }

            return false;
        }

        public EntryWaiter? TakeFirst(EntryRef entry, EntryWait kind)
        {
            for (EntryWaiter? waiter = _first; waiter is not null; waiter = waiter.Next)
            {
                if (Matches(waiter, entry, kind))
                {
                    _ = Remove(waiter);
                    return waiter;
                }
            }

            return null;
        }

        public bool Remove(EntryWaiter gone)
        {
            EntryWaiter? before = null;
            for (EntryWaiter? waiter = _first; waiter is not null; before = waiter, waiter = waiter.Next)
            {
                if (ReferenceEquals(waiter, gone))
                {
                    if (before is null)
                    {
                        _first = waiter.Next;
                    }
                    else
                    {
                        before.Next = waiter.Next;
                    }

                    waiter.Next = null;
                    return true;
                }
            }

            return false;
        }

        private static bool Matches(EntryWaiter waiter, EntryRef entry, EntryWait kind) =>
            waiter.Kind == kind && waiter.Entry.Slot == entry.Slot && ReferenceEquals(waiter.Entry.Node, entry.Node);
    }
}

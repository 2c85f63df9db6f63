using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Testing;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>The end of an address space.</content>
public sealed unsafe partial class AddressSpace
{
    private readonly object _releaseGate = new();
    private bool _isEvicted;
    private Action? _whenReleased;

    /// <summary>Drops everything when the inode leaves memory or is removed. Takes no lock but the mapping's, and that only if it is free;
    /// allocates nothing; waits for nobody. After success every access is refused with EBADF.</summary>
    /// <param name="discards">The file is gone: what is dirty need not become durable.</param>
    /// <returns>EBUSY: something is pinned, kept or viewed (see <see cref="NotifyWhenIdle"/>), or dirty, or in use this instant.</returns>
    public Errno TryEvict(bool discards)
    {
        if (!_mapping.TryEnterExclusive())
        {
            return Errno.EBUSY;
        }

        try
        {
            if (!Leases.IsEmpty || HasViews
                || (IsBusyLocked(PageRange.All, out _) && _broken != DaxBrokenVariant.EvictionWithoutWait)
                || (!discards && _tree.TryNext(EntryMark.Dirty, 0, PageRange.All.End.Value, out _)))
            {
                return Errno.EBUSY;
            }

            DropEntriesLocked(PageRange.All, givesBack: false);
            _isEvicted = true;
            return Errno.Success;
        }
        finally
        {
            _mapping.ExitExclusive();
        }
    }

    /// <summary>Calls back once, on a thread of the pool, when a pin, a lease or a view that is in the way of eviction now is gone. There may
    /// be others then.</summary>
    /// <returns>False if nothing is in the way: then it is not called.</returns>
    public bool NotifyWhenIdle(Action callback)
    {
        lock (_releaseGate)
        {
            // Whoever goes away takes the gate afterwards, so finds the callback.
            if (!Leases.IsEmpty || HasViews)
            {
                _whenReleased += callback;
                return true;
            }
        }

        long page = 0;
        while (_tree.TryNext(EntryMark.Live, page, PageRange.All.End.Value, out EntryRef entry))
        {
            if (EntryWaits.TryJoin(entry, EntryWait.Pins, new IdleCallback(callback)))
            {
                return true;
            }

            page = entry.Pages.End.Value;
        }

        return false;
    }

    /// <summary>A lease or a view is gone.</summary>
    private void NotifyReleased()
    {
        Action? callback;
        lock (_releaseGate)
        {
            callback = _whenReleased;
            _whenReleased = null;
        }

        if (callback is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static action => action(), callback, preferLocal: false);
        }
    }

    private sealed class IdleCallback(Action callback) : EntryWaiter
    {
        // Whoever lets the last pin go may hold any lock.
        public override void Signal() => ThreadPool.UnsafeQueueUserWorkItem(static action => action(), callback, preferLocal: false);
    }
}

using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>Freeze and thaw: write access waits, everything is durable, reads go on.</content>
public sealed unsafe partial class AddressSpace
{
    private readonly object _freezeGate = new();
    private bool _isFrozen;

    /// <summary>Nobody is given write access.</summary>
    public bool IsFrozen => Volatile.Read(ref _isFrozen);

    /// <summary>Takes write access back, lets nobody have it until <see cref="Thaw"/>, and makes everything durable. Waits for pins for
    /// writing as long as for a lease.</summary>
    /// <returns>EBUSY: frozen already; or a writable view is mapped, whose stores cannot be held up; or a pin for writing was kept for too long.
    /// Then nothing is frozen.</returns>
    public Errno Freeze(CancellationToken token = default)
    {
        lock (_freezeGate)
        {
            if (_isFrozen)
            {
                return Errno.EBUSY;
            }

            Volatile.Write(ref _isFrozen, true);
        }

        Errno errno = TakeAllWriteAccess(token);
        if (errno == Errno.Success)
        {
            errno = Writeback(PageRange.All);
        }

        if (errno == Errno.Success)
        {
            errno = Layout.MakeDurable(PageRange.All);
        }

        if (errno != Errno.Success)
        {
            Thaw();
        }

        return errno;
    }

    /// <summary>Lets write access be given again. Harmless when not frozen.</summary>
    public void Thaw()
    {
        lock (_freezeGate)
        {
            Volatile.Write(ref _isFrozen, false);
            Monitor.PulseAll(_freezeGate);
        }
    }

    private void WaitForThaw()
    {
        lock (_freezeGate)
        {
            while (_isFrozen)
            {
                Monitor.Wait(_freezeGate);
            }
        }
    }

    private Errno TakeAllWriteAccess(CancellationToken token)
    {
        long deadline = Environment.TickCount64 + (long)_options.LeaseTime.TotalMilliseconds;
        while (true)
        {
            EntryRef busy;
            bool hasStorableView;
            _mapping.EnterExclusive();
            try
            {
                hasStorableView = Array.Exists(_views, static attachment => attachment.View.IsStorable);
                busy = TakeWriteAccessLocked(PageRange.All);
            }
            finally
            {
                _mapping.ExitExclusive();
            }

            if (hasStorableView)
            {
                return Errno.EBUSY;
            }

            if (busy.Node is null)
            {
                return Errno.Success;
            }

            _counters.CountPinWait();
            if (!EntryWaits.WaitForPins(busy, deadline, token))
            {
                return token.IsCancellationRequested ? Errno.EINTR : Errno.EBUSY;
            }
        }
    }

    /// <summary>Every next store has to ask.</summary>
    /// <returns>An entry that is pinned for writing, if there is one.</returns>
    private EntryRef TakeWriteAccessLocked(PageRange pages)
    {
        EntryRef busy = default;
        long page = pages.First.Value;
        while (_tree.TryNext(EntryMark.Dirty, page, pages.End.Value, out EntryRef entry))
        {
            // Only what is dirty can be writable.
            if (entry.Change(0, PageEntry.Writable).IsWritePinned)
            {
                busy = entry;
            }

            page = entry.Pages.End.Value;
        }

        return busy;
    }
}

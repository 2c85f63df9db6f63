using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;

namespace Adit.Dax.Leases;

/// <summary>The leases of one file.</summary>
/// <remarks>One is added inside the layout, and looked for inside it with <see cref="LayoutAccess.Change"/>: so none appears under a
/// layout change. Its own monitor is a leaf: nothing is called with it held.</remarks>
/// <param name="released">Called after a lease is gone, with no lock held.</param>
internal sealed class LeaseTable(Action released)
{
    private readonly object _gate = new();
    private readonly List<Lease> _leases = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _leases.Count == 0;
            }
        }
    }

    public Lease Add(PageRange pages, LeaseOptions options, IMappedView? view)
    {
        Lease lease = new(this, pages, options, view);
        lock (_gate)
        {
            _leases.Add(lease);
        }

        return lease;
    }

    public void Remove(Lease lease)
    {
        lock (_gate)
        {
            if (!_leases.Remove(lease))
            {
                return;
            }

            Monitor.PulseAll(_gate);
        }

        released();
    }

    public void RemoveOf(IMappedView view)
    {
        lock (_gate)
        {
            if (_leases.RemoveAll(lease => ReferenceEquals(lease.View, view)) != 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Somebody keeps a page of the range. Those whose time is over and who can be detached do not count.</summary>
    public bool IsKept(PageRange pages)
    {
        lock (_gate)
        {
            foreach (Lease lease in _leases)
            {
                if (lease.Pages.Overlaps(pages) && !(lease.IsDetachable && IsOver(lease)))
                {
                    return true;
                }
            }

            return false;
        }
    }

    public IReadOnlyList<LeaseHolder> Holders(PageRange pages)
    {
        lock (_gate)
        {
            return [.. _leases.Where(lease => lease.Pages.Overlaps(pages)).Select(lease => lease.Holder)];
        }
    }

    /// <summary>Tells the holders of a range and waits until none is left, or none but detachable ones whose time is over.</summary>
    /// <returns>EBUSY: a time is over and its holder cannot be detached. EINTR: cancelled.</returns>
    public Errno Recall(PageRange pages, TimeSpan notice, CancellationToken token)
    {
        foreach (Lease lease in MarkRecalled(pages, notice))
        {
            lease.Recall(pages, notice);
        }

        using CancellationTokenRegistration registration = token.UnsafeRegister(static table => ((LeaseTable)table!).Pulse(), this);
        lock (_gate)
        {
            while (true)
            {
                if (token.IsCancellationRequested)
                {
                    return Errno.EINTR;
                }

                long next = long.MaxValue;
                foreach (Lease lease in _leases)
                {
                    if (!lease.Pages.Overlaps(pages))
                    {
                        continue;
                    }

                    if (lease.Deadline == long.MaxValue)
                    {
                        // It came after the others were told: the caller tries again, and tells it then.
                        return Errno.Success;
                    }

                    if (!IsOver(lease))
                    {
                        next = Math.Min(next, lease.Deadline);
                    }
                    else if (!lease.IsDetachable)
                    {
                        return Errno.EBUSY;
                    }
                }

                if (next == long.MaxValue)
                {
                    return Errno.Success;
                }

                _ = Monitor.Wait(_gate, (int)Math.Clamp(next - Environment.TickCount64, 1, int.MaxValue));
            }
        }
    }

    private static bool IsOver(Lease lease) => Environment.TickCount64 >= lease.Deadline;

    private List<Lease> MarkRecalled(PageRange pages, TimeSpan notice)
    {
        List<Lease> told = [];
        lock (_gate)
        {
            foreach (Lease lease in _leases)
            {
                if (lease.Pages.Overlaps(pages) && lease.Deadline == long.MaxValue)
                {
                    lease.Deadline = Environment.TickCount64 + (long)notice.TotalMilliseconds;
                    told.Add(lease);
                }
            }
        }

        return told;
    }

    private void Pulse()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}

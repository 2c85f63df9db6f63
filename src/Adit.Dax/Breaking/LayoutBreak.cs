using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Testing;
using Adit.Interop;

namespace Adit.Dax.Breaking;

/// <summary>One change of a file's layout, as every change of it is made: block new faults, zap, wait until idle, drop the entries,
/// change, let faults in again.</summary>
/// <remarks>
/// <code>
/// LayoutBreak change = new(space, pages, options);
/// do
/// {
///     layout.Enter(LayoutAccess.Change);
///     errno = change.TryBegin();
///     if (errno == Errno.Success)
///     {
///         errno = ...                        // the change
///         change.End();
///     }
///
///     layout.Exit(LayoutAccess.Change);
/// }
/// while (errno == Errno.EAGAIN &amp;&amp; (errno = change.Wait()) == Errno.Success);
/// </code>
/// Leases and pins are two domains: both are looked at again after every wait, because while one is waited for the other may come.
/// Used by one thread.
/// </remarks>
/// <param name="space">The file's mapping, or null: there is nobody to wait for.</param>
/// <param name="pages">What changes: a range whose pages are freed, moved, shared, copied or converted. For changes that move what lies behind
/// them, everything from there on. Empty: nothing, and nobody is waited for.</param>
/// <param name="options">How.</param>
public struct LayoutBreak(AddressSpace? space, PageRange pages, BreakOptions options)
{
    private EntryRef _busy;
    private bool _isKept;

    private readonly bool IsNobodys => space is null || pages.IsEmpty;

    /// <summary>Blocks new faults and clears the range. Inside the layout, with <see cref="LayoutAccess.Change"/>. After success the
    /// mapping is held alone until <see cref="End"/>; after anything else nothing is held, and nothing has changed.</summary>
    /// <returns>EAGAIN: somebody uses the range; leave the layout, then <see cref="Wait"/>. EIO: what had to be made durable first could
    /// not be. ENOMEM: a view could not be switched over.</returns>
    public Errno TryBegin()
    {
        if (IsNobodys)
        {
            return Errno.Success;
        }

        _busy = default;
        _isKept = space!.Leases.IsKept(pages);
        return _isKept ? Errno.EAGAIN : space.TryBeginBreak(pages, options, out _busy);
    }

    /// <summary>Waits, with no lock held, until it is worth trying again.</summary>
    /// <returns>EBUSY: somebody keeps the range for longer than their lease, or no waiting was asked for. EINTR: cancelled.</returns>
    public readonly Errno Wait()
    {
        if (options.NoWait)
        {
            return Errno.EBUSY;
        }

        return options.Cancellation.IsCancellationRequested ? Errno.EINTR : space!.WaitForIdle(pages, _isKept, _busy, options.Cancellation);
    }

    /// <summary>After the change, or instead of it: views show the layout as it is now, and faults go on.</summary>
    public readonly void End()
    {
        if (!IsNobodys)
        {
            space!.EndBreak(pages);
        }
    }

    /// <summary>Runs a change from beginning to end, for callers that hold no lock.</summary>
    /// <param name="space">The file's mapping.</param>
    /// <param name="pages">What changes.</param>
    /// <param name="options">How.</param>
    /// <param name="change">Called once, inside the layout, with the mapping held alone.</param>
    public static Errno Run(AddressSpace space, PageRange pages, BreakOptions options, Func<Errno> change)
    {
        LayoutBreak attempt = new(space, pages, options);
        while (true)
        {
            space.Layout.Enter(LayoutAccess.Change);
            Errno errno;
            try
            {
                errno = attempt.TryBegin();
                if (errno == Errno.Success)
                {
                    try
                    {
                        return change();
                    }
                    finally
                    {
                        attempt.End();
                    }
                }
            }
            finally
            {
                space.Layout.Exit(LayoutAccess.Change);
            }

            if (errno == Errno.EAGAIN)
            {
                errno = attempt.Wait();
            }

            if (errno != Errno.Success)
            {
                return errno;
            }
        }
    }
}

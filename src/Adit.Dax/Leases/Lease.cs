using Adit.Dax.Layouts;
using Adit.Dax.Mappings;

namespace Adit.Dax.Leases;

/// <summary>Keeps the layout of a range of a file as it is: which medium pages hold it. Whoever wants to change it makes the holder
/// know, waits for the time of a lease, and then fails with EBUSY (or detaches the view that the lease belongs to).</summary>
/// <remarks>Thread-safe. Disposing it more than once is harmless.</remarks>
public sealed class Lease : IDisposable
{
    private readonly LeaseTable _table;
    private readonly LeaseOptions _options;
    private readonly CancellationTokenSource _recalled = new();

    internal Lease(LeaseTable table, PageRange pages, LeaseOptions options, IMappedView? view)
    {
        _table = table;
        _options = options;
        Pages = pages;
        View = view;
        Since = DateTimeOffset.UtcNow;
    }

    public PageRange Pages { get; }

    public DateTimeOffset Since { get; }

    /// <summary>Cancelled when somebody wants the range.</summary>
    public CancellationToken Recalled => _recalled.Token;

    public LeaseHolder Holder => new(_options.Purpose, Pages, Since, _options.ProcessId, _recalled.IsCancellationRequested);

    internal IMappedView? View { get; }

    /// <summary>When its time is over once it was recalled, as <see cref="Environment.TickCount64"/>. Guarded by the table.</summary>
    internal long Deadline { get; set; } = long.MaxValue;

    /// <summary>The range may be switched to a private copy when the time is over.</summary>
    internal bool IsDetachable => View is { Policy: ViewPolicy.Detach };

    public void Dispose() => _table.Remove(this);

    /// <summary>Tells the holder, once. No lock is held.</summary>
    internal void Recall(PageRange pages, TimeSpan notice)
    {
        _recalled.Cancel();
        _options.OnRecall?.Invoke(notice);
        View?.Recall(pages.Intersect(Pages), notice);
    }
}

namespace Adit.Dax.Views;

/// <content>What is in effect.</content>
public sealed unsafe partial class View
{
    /// <summary>Part of the view shows a copy of the file's old bytes, for good.</summary>
    public bool IsDetached => _mapping.IsDetached;

    /// <summary>Tells what part of the view was detached, soon after. On a thread of the pool, with no lock held.</summary>
    public event EventHandler<ViewDetachment>? Detached;

    /// <summary>What was asked for and what is in effect, and why not more.</summary>
    public ViewStatus ReadStatus()
    {
        _ = Address(0, 0);
        long? huge = _mapping.HugeBytes;
        bool tracks = _mapping.TracksStores;
        return new ViewStatus
        {
            IsSync = IsSync,
            IsDetached = IsDetached,
            LostBytes = _mapping.LostBytes,
            TracksStores = tracks,
            TrackingRefusal = tracks ? null : StoreTracker.Refusal ?? "The kernel does not track stores to memory of this kind. A flush writes back all of it.",
            HugeBytes = huge,
            HugeRefusal = huge is > 0 ? null : HugePages.RefusalOf(_mapping),
            PresentBytes = _mapping.PresentBytes,
        };
    }

    private void RaiseDetached(ViewDetachment detachment)
    {
        if (Detached is { } handler)
        {
            ThreadPool.QueueUserWorkItem(
                static call => call.Handler(call.View, call.Detachment), (Handler: handler, View: this, Detachment: detachment), preferLocal: false);
        }
    }
}

using Adit.Format;
using Adit.Nodes;
using Microsoft.Extensions.Primitives;

namespace Adit.FileProviders;

/// <summary>Fires the tokens of filters when what they name has changed.</summary>
/// <remarks>The volume tells of changes under its locks, where nothing may wait or allocate: that only wakes a thread, which then compares
/// what each filter names with what it named when its token was made. Changes that come while it looks wake it again, so none is missed.</remarks>
internal sealed class ChangeWatch : IChangeObserver, IDisposable
{
    private readonly Volume _volume;
    private readonly ChangeCounts _counts = new();
    private readonly IDisposable _observation;

    // Not disposed: a change under way may still tell of itself after the observation has ended.
    private readonly AutoResetEvent _changed = new(initialState: false);
    private readonly Lock _lock = new();
    private readonly Thread _thread;
    private List<Watched> _watched = [];
    private volatile bool _isDisposed;

    public ChangeWatch(Volume volume)
    {
        _volume = volume;
        _observation = volume.Observe(this);
        _thread = new Thread(Run) { IsBackground = true, Name = "adit file watch" };
        _thread.Start();
    }

    public IChangeToken Add(PathPattern pattern)
    {
        CancellationTokenSource source = new();
        Watched watched = new(pattern, pattern.Look(_volume, _counts), source);
        lock (_lock)
        {
            _watched.Add(watched);
        }

        // What changed between the look and the entry in the list.
        _changed.Set();
        return new CancellationChangeToken(source.Token);
    }

    public void DataChanged(InodeNumber inode, long offsetBytes, long lengthBytes) => Changed(inode);

    public void UsageChanged(InodeNumber inode) => _changed.Set();

    public void PagesFilled(InodeNumber inode, long offsetBytes, long lengthBytes)
    {
        // The bytes that a reader is given for the first time are no change to watch for.
    }

    public void AttributesChanged(InodeNumber inode) => _changed.Set();

    public void EntryChanged(InodeNumber directory, ReadOnlySpan<byte> name) => _changed.Set();

    public void EntryRemoved(InodeNumber directory, InodeNumber node, ReadOnlySpan<byte> name) => _changed.Set();

    private void Changed(InodeNumber inode)
    {
        _counts.Add(inode);
        _changed.Set();
    }

    public void WaitUntilTold()
    {
        // Tokens fire soon, not before the change returns.
    }

    public void Dispose()
    {
        _observation.Dispose();
        _isDisposed = true;
        _changed.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        while (_changed.WaitOne() && !_isDisposed)
        {
            List<Watched> before;
            lock (_lock)
            {
                before = [.. _watched];
            }

            foreach (Watched watched in before.Where(HasChanged))
            {
                lock (_lock)
                {
                    _watched.Remove(watched);
                }

                // The callbacks are the user's: what they throw is theirs, and must not end this thread.
                ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), watched.Source, preferLocal: false);
            }
        }
    }

    private bool HasChanged(Watched watched)
    {
        try
        {
            Dictionary<string, NodeStamp> now = watched.Pattern.Look(_volume, _counts);
            return now.Count != watched.Then.Count
                || now.Any(pair => !watched.Then.TryGetValue(pair.Key, out NodeStamp then) || then != pair.Value);
        }
        catch (Exception failure) when (failure is AditException or ObjectDisposedException)
        {
            // It cannot be seen any more: whoever asked finds out why when they look themselves.
            return true;
        }
    }

    private sealed record Watched(PathPattern Pattern, Dictionary<string, NodeStamp> Then, CancellationTokenSource Source);
}

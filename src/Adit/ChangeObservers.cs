using Adit.Dax.Mappings;
using Adit.Format;
using Adit.Nodes;

namespace Adit;

/// <summary>Those who are told of changes. While there is nobody a change costs one look at a field.</summary>
/// <remarks>Told under the locks of the change, so that nobody can read the old state afterwards; waited for without any.</remarks>
internal sealed class ChangeObservers : StoreWatch
{
    private readonly Lock _lock = new();
    private volatile IChangeObserver[] _observers = [];

    public IDisposable Add(IChangeObserver observer)
    {
        lock (_lock)
        {
            _observers = [.. _observers, observer];
            IsActive = true;
        }

        return new Observation(this, observer);
    }

    public void Data(InodeNumber inode, long offsetBytes, long lengthBytes)
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                observer.DataChanged(inode, offsetBytes, lengthBytes);
            }
        }
    }

    public void Usage(InodeNumber inode)
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                observer.UsageChanged(inode);
            }
        }
    }

    public void Filled(InodeNumber inode, long offsetBytes, long lengthBytes)
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                observer.PagesFilled(inode, offsetBytes, lengthBytes);
            }
        }
    }

    public void Attributes(InodeNumber inode)
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                observer.AttributesChanged(inode);
            }
        }
    }

    /// <summary>An entry came or means another node: the directory's attributes changed too.</summary>
    public void Entry(InodeNumber directory, ReadOnlySpan<byte> name)
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                observer.EntryChanged(directory, name);
                observer.UsageChanged(directory);
            }
        }
    }

    /// <summary>An entry went, or another took its place.</summary>
    /// <param name="isLast">The node has no other.</param>
    public void Removed(InodeNumber directory, InodeNumber node, ReadOnlySpan<byte> name, bool isLast)
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                if (isLast)
                {
                    observer.EntryRemoved(directory, node, name);
                }
                else
                {
                    observer.EntryChanged(directory, name);
                }

                observer.AttributesChanged(node);
                observer.UsageChanged(directory);
            }
        }
    }

    public override void Stored(ulong number, long offsetBytes, long lengthBytes) => Data(new InodeNumber(number), offsetBytes, lengthBytes);

    public override void WaitUntilTold()
    {
        if (IsActive)
        {
            foreach (IChangeObserver observer in _observers)
            {
                observer.WaitUntilTold();
            }
        }
    }

    private sealed class Observation(ChangeObservers observers, IChangeObserver observer) : IDisposable
    {
        public void Dispose()
        {
            lock (observers._lock)
            {
                observers._observers = [.. observers._observers.Where(other => !ReferenceEquals(other, observer))];
                observers.IsActive = observers._observers.Length != 0;
            }
        }
    }
}

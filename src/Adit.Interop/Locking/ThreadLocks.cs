namespace Adit.Interop.Locking;

/// <summary>What one thread holds and waits for. Its thread writes; others read while they look for cycles, and
/// believe what they read only if <see cref="Version"/> was the same, and even, before and after.</summary>
internal sealed class ThreadLocks
{
    private static readonly Lock Registration = new();
    private static ThreadLocks[] _all = [];

    private readonly Thread _thread = Thread.CurrentThread;
    private (object? Resource, bool IsShared)[] _held = new (object?, bool)[16];
    private int _count;
    private int _version;
    private object? _wanted;
    private bool _wantsShared;

    private ThreadLocks()
    {
    }

    /// <summary>Those of every thread that has used a checked lock and is alive.</summary>
    public static ThreadLocks[] All => Volatile.Read(ref _all);

    /// <summary>Odd while the thread changes its record.</summary>
    public int Version => Volatile.Read(ref _version);

    public object? Wanted => Volatile.Read(ref _wanted);

    public bool WantsShared => Volatile.Read(ref _wantsShared);

    public static ThreadLocks Register()
    {
        ThreadLocks locks = new();
        lock (Registration)
        {
            Volatile.Write(ref _all, [.. _all.Where(other => other._thread.IsAlive), locks]);
        }

        return locks;
    }

    public void Add(object resource, bool isShared)
    {
        BeginChange();
        if (_count == _held.Length)
        {
            Array.Resize(ref _held, 2 * _count);
        }

        _held[_count++] = (resource, isShared);
        EndChange();
    }

    public bool Remove(object resource)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_held[i].Resource, resource))
            {
                BeginChange();
                _count--;
                _held.AsSpan(i + 1, _count - i).CopyTo(_held.AsSpan(i));
                _held[_count] = default;
                EndChange();
                return true;
            }
        }

        return false;
    }

    public void WaitFor(object? resource, bool isShared)
    {
        BeginChange();
        _wantsShared = isShared;
        _wanted = resource;
        EndChange();
    }

    public bool Holds(object resource) => Holds(resource, exclusivelyOnly: false);

    /// <summary>May be called by any thread.</summary>
    public bool Holds(object resource, bool exclusivelyOnly)
    {
        (object? Resource, bool IsShared)[] held = Volatile.Read(ref _held);
        for (int i = Math.Min(Volatile.Read(ref _count), held.Length) - 1; i >= 0; i--)
        {
            if (ReferenceEquals(held[i].Resource, resource))
            {
                return !(exclusivelyOnly && held[i].IsShared);
            }
        }

        return false;
    }

    /// <summary>A lock this thread holds that must not be held when the wanted one is taken.</summary>
    public IRankedLock? FindNotBelow(IRankedLock wanted)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (_held[i].Resource is IRankedLock held
                && (held.Rank > wanted.Rank || (held.Rank == wanted.Rank && held.Number >= wanted.Number)))
            {
                return held;
            }
        }

        return null;
    }

    public override string ToString() =>
        string.IsNullOrEmpty(_thread.Name) ? $"thread {_thread.ManagedThreadId}" : $"thread {_thread.ManagedThreadId} ({_thread.Name})";

    // Full fences on both sides: a reader that sees any part of a change sees an odd or a later version.
    private void BeginChange() => Interlocked.Increment(ref _version);

    private void EndChange() => Interlocked.Increment(ref _version);
}

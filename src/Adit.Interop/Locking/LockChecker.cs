using System.Diagnostics;

namespace Adit.Interop.Locking;

/// <summary>Checks, in Debug builds and in builds with the symbol ADIT_VALIDATE, that each thread takes ranked locks in
/// rising order and none twice, and that no cycle of threads waits for each other. In other builds every call
/// disappears.</summary>
/// <remarks>Ranked locks call it themselves. A wait for something that is not a ranked lock (an entry's lock bit, a
/// pin) becomes part of the same graph through <see cref="Hold"/>, <see cref="Release"/>, <see cref="BeginWait(object)"/> and
/// <see cref="EndWait"/>. Thread-safe. Allocates once for each thread and never for a lock.</remarks>
public static class LockChecker
{
    [ThreadStatic]
    private static ThreadLocks? _current;

    /// <summary>This build checks.</summary>
    public static bool IsOn =>
#if DEBUG || ADIT_VALIDATE
        true;
#else
        false;
#endif

    private static ThreadLocks Current => _current ??= ThreadLocks.Register();

    /// <summary>The thread holds something that others may wait for.</summary>
    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    public static void Hold(object resource) => Current.Add(resource, isShared: false);

    /// <summary>The thread gives it back.</summary>
    /// <exception cref="LockOrderException">It does not hold it.</exception>
    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    public static void Release(object resource)
    {
        if (!Current.Remove(resource))
        {
            throw new LockOrderException($"{Current} leaves {resource} and does not hold it.");
        }
    }

    /// <summary>The thread is about to block until everybody who holds the resource has released it.</summary>
    /// <exception cref="LockOrderException">One of them waits, in the end, for this thread.</exception>
    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    public static void BeginWait(object resource) => BeginWait(resource, isShared: false);

    /// <summary>The wait is over.</summary>
    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    public static void EndWait() => Current.WaitFor(null, isShared: false);

    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    internal static void BeginWait(object resource, bool isShared)
    {
        Current.WaitFor(resource, isShared);
        string? cycle = WaitGraph.FindCycle(Current);
        if (cycle is not null)
        {
            EndWait();
            throw new LockOrderException($"Deadlock: {cycle}.");
        }
    }

    /// <summary>Before a thread takes a lock, waiting if it must.</summary>
    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    internal static void BeforeEnter(IRankedLock wanted)
    {
        BeforeTryEnter(wanted);
        if (Current.FindNotBelow(wanted) is { } held)
        {
            throw new LockOrderException(
                $"{Current} takes {wanted} while it holds {held}. Locks are taken in rising order of rank, " +
                "and of number within a rank: see docs/CONCURRENCY.md.");
        }
    }

    /// <summary>Before a thread takes a lock if it is free. That cannot block, so the order does not matter.</summary>
    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    internal static void BeforeTryEnter(IRankedLock wanted)
    {
        if (Current.Holds(wanted))
        {
            throw new LockOrderException($"{Current} takes {wanted} and holds it already: ranked locks are not recursive.");
        }
    }

    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    internal static void Entered(IRankedLock taken, bool isShared) => Current.Add(taken, isShared);

    [Conditional("DEBUG")]
    [Conditional("ADIT_VALIDATE")]
    internal static void Exiting(IRankedLock left) => Release(left);
}

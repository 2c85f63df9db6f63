namespace Adit.Interop.Locking;

/// <summary>Who waits for whom. Each thread looks for a cycle through itself after it has said what it waits for and
/// before it blocks: the last thread of a cycle finds all of it, standing still.</summary>
internal static class WaitGraph
{
    /// <returns>The cycle in words, or null.</returns>
    public static string? FindCycle(ThreadLocks start)
    {
        List<(ThreadLocks Thread, int Version)> path = [(start, start.Version)];
        if (!Search(start, path, []))
        {
            return null;
        }

        // Threads that ran on while they were looked at wait for nobody.
        Interlocked.MemoryBarrier();
        foreach ((ThreadLocks thread, int version) in path)
        {
            if (thread.Version != version)
            {
                return null;
            }
        }

        return string.Join(", ", path.Select((step, i) =>
            $"{step.Thread} waits for {step.Thread.Wanted}, which {path[(i + 1) % path.Count].Thread} is ahead with"));
    }

    private static bool Search(ThreadLocks start, List<(ThreadLocks Thread, int Version)> path, HashSet<ThreadLocks> seen)
    {
        ThreadLocks waiter = path[^1].Thread;
        object? wanted = waiter.Wanted;
        if (wanted is null)
        {
            return false;
        }

        foreach (ThreadLocks other in ThreadLocks.All)
        {
            int version = other.Version;
            if (ReferenceEquals(other, waiter) || version % 2 != 0 || !Blocks(other, wanted, waiter.WantsShared))
            {
                continue;
            }

            if (ReferenceEquals(other, start))
            {
                return true;
            }

            if (seen.Add(other))
            {
                path.Add((other, version));
                if (Search(start, path, seen))
                {
                    return true;
                }

                path.RemoveAt(path.Count - 1);
            }
        }

        return false;
    }

    /// <summary>A holder blocks, except readers each other; and a waiting writer blocks new readers.</summary>
    private static bool Blocks(ThreadLocks other, object wanted, bool wantsShared) =>
        other.Holds(wanted, exclusivelyOnly: wantsShared)
        || (wantsShared && !other.WantsShared && ReferenceEquals(other.Wanted, wanted));
}

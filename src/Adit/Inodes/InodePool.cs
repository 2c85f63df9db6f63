namespace Adit.Inodes;

/// <summary>Inodes of removed files, for those that are made next: making and removing a file then allocates none, and the next one's fields
/// are in the cache already.</summary>
/// <remarks>Each thread has a few, on a list. Whoever has too many leaves all of them where a thread that has none finds them, so that one
/// thread may make the files and another remove them. What finds no room is the garbage collector's. Thread-safe; takes no lock.</remarks>
internal static class InodePool
{
    /// <summary>How many a thread keeps.</summary>
    private const int ListLength = 8;

    private const int SharedLists = 4;

    private static readonly Inode?[] s_shared = new Inode?[SharedLists];

    [ThreadStatic]
    private static Own? t_own;

    public static Inode? Take()
    {
        Own own = t_own ??= new Own();
        Inode? inode = own.First ?? TakeShared(own);
        if (inode is not null)
        {
            own.First = inode.NextListed;
            own.Count--;
            inode.NextListed = null;
        }

        return inode;
    }

    /// <summary>Takes an inode that nobody uses and no table knows.</summary>
    public static void Put(Inode inode)
    {
        Own own = t_own ??= new Own();
        if (own.Count == ListLength)
        {
            Share(own);
        }

        inode.NextListed = own.First;
        own.First = inode;
        own.Count++;
    }

    private static Inode? TakeShared(Own own)
    {
        for (int list = 0; list < SharedLists; list++)
        {
            if (Volatile.Read(ref s_shared[list]) is not null && Interlocked.Exchange(ref s_shared[list], null) is { } first)
            {
                own.Count = ListLength;
                return first;
            }
        }

        return null;
    }

    private static void Share(Own own)
    {
        for (int list = 0; list < SharedLists; list++)
        {
            if (Volatile.Read(ref s_shared[list]) is null && Interlocked.CompareExchange(ref s_shared[list], own.First, null) is null)
            {
                break;
            }
        }

        own.First = null;
        own.Count = 0;
    }

    /// <summary>A thread's list: one look-up of what is the thread's gives all of it.</summary>
    private sealed class Own
    {
        public Inode? First;
        public int Count;
    }
}

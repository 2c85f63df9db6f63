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
    private static Inode? t_first;

    [ThreadStatic]
    private static int t_count;

    public static Inode? Take()
    {
        Inode? inode = t_first ?? TakeShared();
        if (inode is not null)
        {
            t_first = inode.NextListed;
            t_count--;
            inode.NextListed = null;
        }

        return inode;
    }

    /// <summary>Takes an inode that nobody uses and no table knows.</summary>
    public static void Put(Inode inode)
    {
        if (t_count == ListLength)
        {
            Share();
        }

        inode.NextListed = t_first;
        t_first = inode;
        t_count++;
    }

    private static Inode? TakeShared()
    {
        for (int list = 0; list < SharedLists; list++)
        {
            if (Volatile.Read(ref s_shared[list]) is not null && Interlocked.Exchange(ref s_shared[list], null) is { } first)
            {
                t_count = ListLength;
                return first;
            }
        }

        return null;
    }

    private static void Share()
    {
        for (int list = 0; list < SharedLists; list++)
        {
            if (Volatile.Read(ref s_shared[list]) is null && Interlocked.CompareExchange(ref s_shared[list], t_first, null) is null)
            {
                break;
            }
        }

        t_first = null;
        t_count = 0;
    }
}

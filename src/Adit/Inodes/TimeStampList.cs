using Adit.Interop.Locking;

namespace Adit.Inodes;

/// <summary>The inodes whose time stamps are newer than their records. Each is used once for being here.</summary>
internal sealed class TimeStampList(InodeTable inodes)
{
    private readonly RankedLock _lock = new(LockRank.InodeTable, ulong.MaxValue);
    private Inode? _first;

    public bool IsEmpty => Volatile.Read(ref _first) is null;

    /// <summary>Adds an inode that the caller uses, unless it is here already.</summary>
    public void Add(Inode inode)
    {
        using (_lock.Enter())
        {
            if (inode.IsListed)
            {
                return;
            }

            inode.IsListed = true;
            inode.PreviousListed = null;
            inode.NextListed = _first;
            if (_first is not null)
            {
                _first.PreviousListed = inode;
            }

            _first = inode;
        }

        inodes.UseAgain(inode);
    }

    /// <summary>Takes an inode that the caller uses off the list, with the use that it had for it. Needs the inode's lock
    /// exclusively: nobody puts it on the list meanwhile.</summary>
    public void Remove(Inode inode)
    {
        if (!Volatile.Read(ref inode.IsListed))
        {
            return;
        }

        using (_lock.Enter())
        {
            if (!inode.IsListed)
            {
                return;
            }

            UnlinkLocked(inode);
        }

        inodes.Release(inode);
    }

    /// <summary>Takes the next inode off the list; its use is the caller's now.</summary>
    public Inode? Take()
    {
        using (_lock.Enter())
        {
            Inode? inode = _first;
            if (inode is not null)
            {
                UnlinkLocked(inode);
            }

            return inode;
        }
    }

    private void UnlinkLocked(Inode inode)
    {
        if (inode.PreviousListed is null)
        {
            _first = inode.NextListed;
        }
        else
        {
            inode.PreviousListed.NextListed = inode.NextListed;
        }

        if (inode.NextListed is not null)
        {
            inode.NextListed.PreviousListed = inode.PreviousListed;
        }

        inode.PreviousListed = null;
        inode.NextListed = null;
        inode.IsListed = false;
    }
}

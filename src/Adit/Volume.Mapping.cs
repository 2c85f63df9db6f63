using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Mappings;
using Adit.Media;

namespace Adit;

/// <summary>The mappings of files in memory: their beginning and their end.</summary>
public sealed partial class Volume
{
    /// <summary>Needs the inode's lock exclusively.</summary>
    internal AddressSpace MakeMapping(Inode inode)
    {
        Interlocked.Increment(ref _mappingCount);
        return new AddressSpace(
            new VolumeFileLayout(_context, _data, inode),
            new AddressSpaceOptions { Number = inode.Number.Value, LeaseTime = _options.LeaseTime });
    }

    // Those in memory: a sync of the volume need not go through all inodes when there is none.
    private int _mappingCount;

    /// <summary>After the last close of a file that was mapped: what was stored is made durable and the mapping is forgotten. While a page is
    /// still pinned, kept or viewed, the inode stays in use, and its blocks stay its own, also when it has no name any more. Ends a use.</summary>
    internal void CloseMapping(Inode inode)
    {
        AddressSpace? space = Volatile.Read(ref inode.Space);
        while (space is not null)
        {
            if (!_isClosed)
            {
                // A close reports nothing; a failed medium is remembered by the store.
                _ = space.Writeback(PageRange.All);
            }

            if (TryForgetMapping(inode, space))
            {
                break;
            }

            if (space.NotifyWhenIdle(() => CloseMapping(inode)))
            {
                return;
            }
        }

        Release(inode);
    }

    /// <returns>True when it is forgotten, or somebody has opened the file again.</returns>
    private bool TryForgetMapping(Inode inode, AddressSpace space)
    {
        using ExclusiveScope scope = new(inode.Lock);
        if (inode.OpenCount != 0 && !_isClosed)
        {
            return true;
        }

        bool discards = inode.Record.LinkCount == 0 || inode.IsGone || _context.Store.Failure is not null;
        if (space.TryEvict(discards) != Errno.Success)
        {
            return false;
        }

        inode.Space = null;
        Interlocked.Decrement(ref _mappingCount);
        return true;
    }

    /// <summary>Makes durable what was stored through pins and views of any file.</summary>
    private Errno SyncMappings()
    {
        Errno first = Errno.Success;
        if (Volatile.Read(ref _mappingCount) == 0)
        {
            return first;
        }

        foreach (Inode inode in _context.Inodes.UseAll(static inode => inode.Space is not null))
        {
            Errno errno = Volatile.Read(ref inode.Space)?.Writeback(PageRange.All) ?? Errno.Success;
            Release(inode);
            first = first == Errno.Success ? errno : first;
        }

        return first;
    }

    /// <summary>Gives the medium up as soon as no page of it is pinned: until then its addresses stay valid.</summary>
    private void ReleaseMedium()
    {
        foreach (Inode inode in _context.Inodes.UseAll(static inode => inode.Space is not null))
        {
            AddressSpace? space = Volatile.Read(ref inode.Space);
            while (space is not null && !TryForgetMapping(inode, space))
            {
                if (space.NotifyWhenIdle(ReleaseMedium))
                {
                    return;
                }
            }
        }

        if (Interlocked.Exchange(ref _isMediumReleased, 1) == 0)
        {
            DisposeMedium(_context.Medium, _options);
        }
    }

    private int _isMediumReleased;
}

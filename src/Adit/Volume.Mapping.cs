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
            new AddressSpaceOptions { Number = inode.Number.Value, LeaseTime = _options.LeaseTime, StartsFrozen = IsFrozen, Watch = _context.Changes, AllowsSources = !RefusesPreviews });
    }

    // Those in memory: a sync of the volume need not go through all inodes when there is none.
    private int _mappingCount;

    /// <summary>Mappings in memory now.</summary>
    internal int MappingCount => Volatile.Read(ref _mappingCount);

    /// <summary>After the last close of a file that was mapped: what was stored is made durable and the mapping is forgotten. While a page is
    /// still pinned, kept or viewed, the inode stays in use, and its blocks stay its own, also when it has no name any more. Ends a use.</summary>
    /// <remarks>Waits for no lease, no pin and no reader of the inode: what cannot be forgotten now is, by whoever lets the last pin go, or by the
    /// next one who ends a use of any inode. Allocates nothing unless a page is in use.</remarks>
    internal void CloseMapping(Inode inode)
    {
        AddressSpace? space = Volatile.Read(ref inode.Space);
        if (space is not null && !_isClosed)
        {
            // A close reports nothing; a failed medium is remembered by the store.
            _ = space.Writeback(PageRange.All);
        }

        if (space is null || TryForgetMapping(inode, space))
        {
            Release(inode);
        }
        else if (!IsCalledWhenIdle(inode, space) && !_context.TryCloseMappingLater(inode))
        {
            Release(inode);
        }
    }

    /// <remarks>A method of its own, because a method that makes a closure allocates it at its beginning.</remarks>
    private bool IsCalledWhenIdle(Inode inode, AddressSpace space) => space.NotifyWhenIdle(() => CloseMapping(inode));

    /// <returns>False when somebody uses the mapping, or has the inode's lock this instant.</returns>
    private bool TryForgetMapping(Inode inode, AddressSpace space)
    {
        if (!inode.Lock.TryEnterExclusive())
        {
            return false;
        }

        try
        {
            return TryForgetMappingLocked(inode, space);
        }
        finally
        {
            inode.Lock.ExitExclusive();
        }
    }

    /// <returns>True when it is forgotten, or somebody has opened the file again, whose close will come.</returns>
    private bool TryForgetMappingLocked(Inode inode, AddressSpace space)
    {
        // Another close may have forgotten this mapping, and the inode may have got a new one since, which is not ours to forget.
        if (!ReferenceEquals(inode.Space, space) || (inode.OpenCount != 0 && !_isClosed))
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
            while (space is not null && !ForgetMapping(inode, space))
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

    private bool ForgetMapping(Inode inode, AddressSpace space)
    {
        using ExclusiveScope scope = new(inode.Lock);
        return TryForgetMappingLocked(inode, space);
    }

    private int _isMediumReleased;
}

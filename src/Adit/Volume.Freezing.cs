using Adit.Dax.Mappings;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;

namespace Adit;

/// <summary>Freezing: whoever would change something waits, everything is durable, reads go on.</summary>
public sealed partial class Volume
{
    /// <summary>Nothing can be changed until <see cref="Thaw"/>.</summary>
    public bool IsFrozen => _context.Freezing.IsFrozen;

    /// <summary>Waits for the changes under way, takes write access back from pins, makes everything durable, and from then on holds up every change
    /// until <see cref="Thaw"/>. Reads, listings, pins and views for reading go on; files can be opened and closed. Until it is thawed nothing is
    /// written to the medium, so that a copy of it is a whole volume.</summary>
    /// <param name="token">Gives up the waiting for pins for writing.</param>
    /// <remarks>What waits, waits on its thread: a mount that is asked to change something has fewer threads for reads meanwhile, and none when all of
    /// them wait.</remarks>
    /// <exception cref="AditException">EBUSY: frozen already; a view for storing is mapped, whose stores cannot be held up; or a pin for writing was
    /// kept for longer than a lease. Then nothing is frozen.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is frozen.</exception>
    public void Freeze(CancellationToken token = default)
    {
        Errno errno = FreezeVolume(token);
        if (errno == Errno.EINTR)
        {
            token.ThrowIfCancellationRequested();
        }

        ThrowUnless(errno, "freeze", null);
    }

    /// <summary><see cref="Freeze"/> with its outcome as a value.</summary>
    public Errno FreezeVolume(CancellationToken token = default)
    {
        Errno errno = _isClosed ? Errno.EBADF : _context.Store.Failure is not null ? Errno.EIO : Errno.Success;
        if (errno != Errno.Success)
        {
            return errno;
        }

        if (!_context.Freezing.TryClose())
        {
            return Errno.EBUSY;
        }

        try
        {
            errno = FreezeClosed(token);
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            // Thawed below.
        }
        finally
        {
            if (errno != Errno.Success)
            {
                Thaw();
            }
        }

        return errno;
    }

    /// <summary>Lets changes go on. Harmless when not frozen.</summary>
    public void Thaw()
    {
        if (!_context.Freezing.Open())
        {
            return;
        }

        foreach (Inode inode in _context.Inodes.UseAll(static _ => true))
        {
            AddressSpace? space;
            using (new ExclusiveScope(inode.Lock))
            {
                // A mapping that is made later sees the gate open.
                space = inode.Space;
            }

            space?.Thaw();
            Release(inode);
        }

        RemoveLeftOvers();
    }

    /// <summary>The gate is closed: whoever holds a lock from before is waited for.</summary>
    private Errno FreezeClosed(CancellationToken token)
    {
        SpinWait.SpinUntil(() => Interlocked.CompareExchange(ref _isTicking, 1, 0) == 0);
        List<Inode> inodes = [];
        try
        {
            using (new ExclusiveScope(_namespace))
            {
            }

            inodes = _context.Inodes.UseAll(static _ => true);
            foreach (Inode inode in inodes)
            {
                using (new ExclusiveScope(inode.Lock))
                {
                }
            }

            Errno errno = FreezeMappings(inodes, token);
            if (errno != Errno.Success || IsReadOnly)
            {
                return errno;
            }

            errno = RecordTimeStamps(isFreezing: true);
            return errno != Errno.Success ? errno : _context.Store.Checkpoint();
        }
        finally
        {
            inodes.ForEach(Release);
            Volatile.Write(ref _isTicking, 0);
        }
    }

    private static Errno FreezeMappings(List<Inode> inodes, CancellationToken token)
    {
        foreach (Inode inode in inodes)
        {
            Errno errno = Volatile.Read(ref inode.Space) is { IsFrozen: false } space ? space.Freeze(token) : Errno.Success;
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        return Errno.Success;
    }
}

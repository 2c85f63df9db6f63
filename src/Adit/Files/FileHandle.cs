using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>An open regular file: takes the inode's lock around what <see cref="FileData"/> does, and turns what comes up from media
/// into outcomes. Nothing is allocated by reads, overwrites and appends.</summary>
internal sealed partial class FileHandle : IOpenFile
{
    private readonly Volume _volume;

    /// <summary>Another file's as soon as this one is closed and has been removed (see <see cref="Inodes.Inode.Recycle"/>): looked at under its lock
    /// when the file is found not to be closed.</summary>
    private readonly Inode _inode;
    private OpenIntent _intent;

    /// <summary>Changed with the inode's lock held exclusively, so whoever holds it knows.</summary>
    private bool _isClosed;

    private FileHandle(Volume volume, Inode inode)
    {
        _volume = volume;
        _inode = inode;
    }

    /// <inheritdoc/>
    public InodeNumber Inode { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public NodeAttributes Attributes
    {
        get
        {
            _volume.ReadAttributes(_inode, out NodeAttributes attributes);

            // Not before: it may be closed by another thread meanwhile.
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosed), this);
            return attributes;
        }
    }

    /// <inheritdoc/>
    public bool IsDirect => !_inode.IsPrivate;

    internal Inode Node
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosed), this);
            return _inode;
        }
    }

    private VolumeContext Context => _volume.Context;

    private FileData Data => _volume.Data;

    /// <summary>Opens an inode that the caller uses; the file uses it once more.</summary>
    /// <param name="again">It was open before, in another process.</param>
    public static Errno Open(Volume volume, Inode inode, OpenIntent intent, bool again, out IOpenFile? file)
    {
        file = null;
        bool writes = (intent & (OpenIntent.Write | OpenIntent.Truncate)) != 0;
        if (writes && volume.IsReadOnly)
        {
            return Errno.EROFS;
        }

        FileHandle opened;
        using (new ExclusiveScope(inode.Lock))
        {
            if (inode.IsGone)
            {
                return Errno.ESTALE;
            }

            if (!inode.Record.IsRegular)
            {
                return inode.Record.IsDirectory ? Errno.EISDIR : inode.Record.IsSymbolicLink ? Errno.ELOOP : Errno.ENXIO;
            }

            Errno allowed = again ? Errno.Success : FlagRules.CheckOpening(in inode.Record, intent);
            if (allowed != Errno.Success)
            {
                return allowed;
            }

            allowed = volume.SettleStateLocked(inode);
            if (allowed != Errno.Success)
            {
                return allowed;
            }

            allowed = again ? Errno.Success : volume.Context.Access.CheckOpening(inode.IsPrivate);
            if (allowed != Errno.Success)
            {
                return allowed;
            }

            inode.OpenCount++;
            AgeAccessTime(volume.Context, inode);
            opened = OverLocked(volume, inode, intent);
        }

        volume.Context.Inodes.UseAgain(inode);
        if ((intent & OpenIntent.Truncate) != 0)
        {
            Errno errno = opened.Truncate(0, default);
            if (errno != Errno.Success)
            {
                opened.Dispose();
                return errno;
            }
        }

        file = opened;
        return Errno.Success;
    }

    /// <summary>The file over an inode that was made open; the caller's use becomes the file's.</summary>
    public static IOpenFile OverNew(Volume volume, Inode inode, OpenIntent intent) => OverLocked(volume, inode, intent);

    /// <inheritdoc/>
    public Errno Sync(bool dataOnly)
    {
        try
        {
            Errno errno = Errno.Success;
            if (!dataOnly && !Context.IsReadOnly && (_inode.Pending != PendingTimes.None || _inode.IsRecordBehind))
            {
                using ExclusiveScope scope = new(_inode.Lock);
                errno = CheckOpen();
                if (errno == Errno.Success && !_volume.IsFrozen)
                {
                    errno = _volume.RecordTimeStampsLocked(_inode);
                }
            }
            else
            {
                using SharedScope scope = new(_inode.Lock);
                errno = CheckOpen();
            }

            if (errno == Errno.Success)
            {
                errno = SyncMapping();
            }

            if (errno != Errno.Success)
            {
                return errno;
            }

            Context.Store.EnsureDurable();
            Context.Changes.WaitUntilTold();
            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <summary>Closes the file. The last close gives back what was set aside for its growth.</summary>
    public void Dispose() => Close(keeps: false);

    /// <summary>Closes the file.</summary>
    /// <param name="keeps">Nobody calls it any more: it may be opened again, as another one.</param>
    public void Close(bool keeps)
    {
        bool wasMapped = false;
        using (new ExclusiveScope(_inode.Lock))
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            Volatile.Write(ref _mapping, null);
            if (--_inode.OpenCount == 0)
            {
                wasMapped = _inode.Space is not null;
                if (!_inode.IsGone)
                {
                    LastCloseLocked();
                }
            }

            if (keeps)
            {
                _inode.ClosedFile = this;
            }
        }

        if (wasMapped)
        {
            _volume.CloseMapping(_inode);
        }
        else
        {
            _volume.Release(_inode);
        }
    }

    /// <summary>Needs the inode's lock exclusively, or nobody else to know the inode.</summary>
    private static FileHandle OverLocked(Volume volume, Inode inode, OpenIntent intent)
    {
        FileHandle? opened = inode.ClosedFile;
        if (opened is null || opened._volume != volume)
        {
            opened = new FileHandle(volume, inode);
        }
        else
        {
            inode.ClosedFile = null;
            opened._isClosed = false;
        }

        opened.Inode = inode.Number;
        opened._intent = intent & ~OpenIntent.Truncate;
        return opened;
    }

    private void LastCloseLocked()
    {
        Data.ReturnAheadLocked(_inode);
        if (Context.IsReadOnly || _volume.IsFrozen)
        {
            return;
        }

        try
        {
            if (_inode.Record.LinkCount != 0)
            {
                _volume.RecordTimeStampsLocked(_inode);
            }

            if (!_inode.IsRecordBehind)
            {
                Context.TimeStamps.Remove(_inode);
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out _))
        {
            // A close reports nothing; the store remembers that its medium failed.
        }
    }

    /// <summary>Needs the inode's lock.</summary>
    private Errno CheckOpen() => _isClosed || _inode.IsGone ? Errno.EBADF : Errno.Success;

    /// <summary>An access time that is a day old moves at the next read, also when nothing was changed since.</summary>
    private static void AgeAccessTime(VolumeContext context, Inode inode)
    {
        const long DaySeconds = 24 * 60 * 60;
        if (context.MovesAccessTimes && !inode.IsAccessTimeOld && (inode.Record.Flags & (uint)FileFlags.NoAccessTime) == 0)
        {
            inode.IsAccessTimeOld = context.Now().Seconds - inode.Record.AccessSeconds >= DaySeconds;
        }
    }
}

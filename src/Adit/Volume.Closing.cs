using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;

namespace Adit;

/// <summary>Work in the background, and the end.</summary>
public sealed partial class Volume
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private ITimer? _timer;
    private int _isTicking;

    private void StartBackgroundWork(bool hasOrphans)
    {
        _hasOrphans = hasOrphans;
        if (_context.Store.Options.BackgroundWork && !IsReadOnly)
        {
            _timer = _context.Store.Options.Time.CreateTimer(static volume => ((Volume)volume!).Tick(), this, TickInterval, TickInterval);
        }
    }

    private bool _hasOrphans;

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
        {
            return;
        }

        try
        {
            if (!_isClosed && !IsFrozen && _context.Store.Failure is null)
            {
                RecordTimeStamps();
                RemoveLeftOvers();
                if (_hasOrphans)
                {
                    _hasOrphans = !CleanOrphans(TickInterval / 4);
                }

                if (_context.Quotas.IsCounting)
                {
                    GoOnCounting(TickInterval / 4);
                }
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out _))
        {
            // The store remembers a failed medium; a damaged record is reported to whoever asks for it.
        }
        finally
        {
            Volatile.Write(ref _isTicking, 0);
        }
    }

    /// <summary>Waits for the background work under way. It uses inodes for moments, and whoever uses an inode last removes it: what
    /// was deleted before this call, and is in use nowhere else, has given back its space when it returns. For tests that count.</summary>
    internal void WaitForBackgroundWork() => SpinWait.SpinUntil(() => Volatile.Read(ref _isTicking) == 0);

    /// <summary>Records the time stamps that overwrites and reads have moved; in a frozen volume that waits for the thaw.</summary>
    /// <param name="isFreezing">The caller is the one who freezes it.</param>
    private Errno RecordTimeStamps(bool isFreezing = false)
    {
        Errno first = Errno.Success;
        while ((isFreezing || !IsFrozen) && _context.TimeStamps.Take() is { } inode)
        {
            Errno errno = Errno.Success;
            using (new ExclusiveScope(inode.Lock))
            {
                if (IsFrozen && !isFreezing)
                {
                    _context.TimeStamps.Add(inode);
                }
                else if (!inode.IsGone)
                {
                    errno = RecordTimeStampsLocked(inode);
                }
            }

            Release(inode);
            first = first == Errno.Success ? errno : first;
        }

        return first;
    }

    /// <summary>Brings an inode's record in the tree up to its time stamps.</summary>
    internal Errno RecordTimeStampsLocked(Inode inode)
    {
        if (inode.Pending != PendingTimes.None)
        {
            inode.Settle(_context.Now());
        }

        if (!inode.IsRecordBehind)
        {
            return Errno.Success;
        }

        Errno errno = _context.Store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            return errno;
        }

        using TransactionScope open = new(transaction);
        transaction.Put(InodeRecord.Key(inode.Number), inode.Record.AsBytes());
        transaction.Commit();
        inode.IsRecordBehind = false;
        return Errno.Success;
    }

    /// <summary>Closes in good order: open files are closed, everything is durable, the volume is marked clean.</summary>
    public void Dispose()
    {
        if (Close(abandon: false))
        {
            _context.Store.Dispose();
            ReleaseMedium();
        }
    }

    /// <summary>Closes as if the process died here: nothing more reaches the medium. For tests, and after a fatal failure.</summary>
    public void Abandon()
    {
        if (Close(abandon: true))
        {
            _context.Store.Abandon();
            ReleaseMedium();
        }
    }

    /// <returns>False when the volume is closed already.</returns>
    private bool Close(bool abandon)
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
        {
            return false;
        }

        _timer?.Dispose();
        Thaw();
        SpinWait.SpinUntil(() => Interlocked.CompareExchange(ref _isTicking, 1, 0) == 0);
        try
        {
            if (!abandon && !IsReadOnly && _context.Store.Failure is null)
            {
                SyncMappings();
                RecordTimeStamps();
                RemoveLeftOvers();
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out _))
        {
            // The store below knows of a failed medium and will not mark the volume clean.
        }
        finally
        {
            Detach();
        }

        return true;
    }

    private int _closing;

    /// <summary>Ends every operation under way, and refuses later ones: the medium is about to be unmapped.</summary>
    private void Detach()
    {
        using (new ExclusiveScope(_namespace))
        {
            _isClosed = true;
        }

        foreach (Inode inode in _context.Inodes.UseAll(static _ => true))
        {
            using (new ExclusiveScope(inode.Lock))
            {
                inode.IsGone = true;
            }
        }
    }
}

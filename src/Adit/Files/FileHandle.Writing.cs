using Adit.Dax.Breaking;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Nodes;

namespace Adit.Files;

internal sealed partial class FileHandle
{
    /// <inheritdoc/>
    public Errno Write(long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        Errno errno = CheckWrite(offsetBytes);
        if (errno != Errno.Success)
        {
            return errno;
        }

        try
        {
            // Whether it can be an overwrite at all is only guessed here: it is looked at again under the lock.
            if (offsetBytes < Volatile.Read(ref _inode.Record.SizeBytes) && TryOverwrite(offsetBytes, source))
            {
                writtenBytes = source.Length;
            }
            else
            {
                errno = FillEdges(offsetBytes, source.Length);
                if (errno != Errno.Success)
                {
                    return errno;
                }

                using ChangeScope scope = new(_inode.Lock, Context.Freezing);
                errno = WriteLocked(offsetBytes, source, out writtenBytes);
            }

            SyncWhenAsked(ref errno);
            Context.Changes.WaitUntilTold();
            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            writtenBytes = 0;
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno Append(ReadOnlySpan<byte> source, out long offsetBytes, out int writtenBytes)
    {
        writtenBytes = 0;
        offsetBytes = 0;
        Errno errno = CheckWrite(0);
        if (errno != Errno.Success)
        {
            return errno;
        }

        try
        {
            using (new ChangeScope(_inode.Lock, Context.Freezing))
            {
                offsetBytes = _inode.Record.SizeBytes;
                errno = WriteLocked(offsetBytes, source, out writtenBytes);
            }

            SyncWhenAsked(ref errno);
            Context.Changes.WaitUntilTold();
            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            writtenBytes = 0;
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno SetLength(long lengthBytes, ChangeOptions options = default)
    {
        if ((_intent & OpenIntent.Write) == 0)
        {
            return Errno.EINVAL;
        }

        return Truncate(lengthBytes, options);
    }

    /// <inheritdoc/>
    public Errno Allocate(AllocateMode mode, long offsetBytes, long lengthBytes, ChangeOptions options = default)
    {
        if ((_intent & OpenIntent.Write) == 0)
        {
            return Errno.EBADF;
        }

        if (options.Cancellation.IsCancellationRequested)
        {
            return Errno.EINTR;
        }

        try
        {
            Errno errno;
            LayoutBreak change;
            do
            {
                using ChangeScope scope = new(_inode.Lock, Context.Freezing);
                errno = CheckOpen();
                change = new LayoutBreak(
                    _inode.Space, FileData.ChangedBy(mode, offsetBytes, lengthBytes), FileData.BreakOptionsOf(options, FileData.Discards(mode)));
                if (errno == Errno.Success)
                {
                    errno = FlagRules.CheckAllocating(in _inode.Record, mode);
                }

                if (errno == Errno.Success)
                {
                    errno = change.TryBegin();
                }

                if (errno == Errno.Success)
                {
                    try
                    {
                        errno = Data.AllocateLocked(_inode, mode, offsetBytes, lengthBytes);
                    }
                    finally
                    {
                        // Also what failed may have done a part.
                        bool moves = (mode & (AllocateMode.CollapseRange | AllocateMode.InsertRange)) != 0;
                        Context.Changes.Data(_inode.Number, Math.Max(0, offsetBytes), moves ? 0 : Math.Max(1, lengthBytes));
                        change.End();
                    }
                }
            }
            while (errno == Errno.EAGAIN && (errno = change.Wait()) == Errno.Success);

            SyncWhenAsked(ref errno);
            Context.Changes.WaitUntilTold();
            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    private Errno Truncate(long lengthBytes, ChangeOptions options)
    {
        try
        {
            Errno errno;
            AttributeChanges changes = new() { Fields = AttributeFields.Size, SizeBytes = lengthBytes };
            using (new SharedScope(_inode.Lock))
            {
                errno = CheckOpen();
                if (errno == Errno.Success)
                {
                    // It may be closed by another thread meanwhile.
                    Context.Inodes.UseAgain(_inode);
                }
            }

            if (errno == Errno.Success)
            {
                try
                {
                    errno = _volume.SetAttributes(_inode, in changes, options, out _);
                }
                finally
                {
                    _volume.Release(_inode);
                }
            }

            SyncWhenAsked(ref errno);
            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <summary>Each write waits for the medium: it was asked to be durable, and that is not a matter of a fence.</summary>
    public bool WaitsForDurability => (_intent & OpenIntent.DataSync) != 0 && !Context.CommitsAreDurable;

    private Errno CheckWrite(long offsetBytes) =>
        (_intent & OpenIntent.Write) == 0 ? Errno.EBADF
        : offsetBytes < 0 ? Errno.EINVAL
        : Context.Store.Failure is not null ? Errno.EIO
        : Errno.Success;

    /// <summary>Writes in place when every block is there; takes the lock shared.</summary>
    private bool TryOverwrite(long offsetBytes, ReadOnlySpan<byte> source)
    {
        _inode.Lock.EnterShared();
        try
        {
            if (_isClosed || _inode.IsGone || source.IsEmpty || _inode.IsPrivate || Context.Freezing.IsFrozen || _inode.Record.IsImmutableOrAppendOnly() || !Data.TryOverwriteShared(_inode, offsetBytes, source))
            {
                return false;
            }

            if (_inode.Mark(PendingTimes.Modify))
            {
                Context.TimeStamps.Add(_inode);
            }

            Context.Changes.Data(_inode.Number, offsetBytes, source.Length);
            return true;
        }
        finally
        {
            _inode.Lock.ExitShared();
        }
    }

    private Errno WriteLocked(long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        Errno errno = CheckOpen();
        if (errno != Errno.Success || source.IsEmpty)
        {
            return errno;
        }

        errno = offsetBytes > InodeRecord.MaxSizeBytes - source.Length ? Errno.EFBIG : FlagRules.CheckWriting(in _inode.Record, offsetBytes);
        if (errno != Errno.Success)
        {
            return errno;
        }

        // Also what failed may have done a part. Behind the old end there are zeros now, which nobody has cached.
        errno = Data.WriteLocked(_inode, offsetBytes, source, out writtenBytes);
        Context.Changes.Data(_inode.Number, offsetBytes, source.Length);
        return errno;
    }

    /// <summary>O_DSYNC, O_SYNC and the file's own flag: the write is durable before it returns.</summary>
    private void SyncWhenAsked(ref Errno errno)
    {
        bool isSynchronous = (_inode.Record.Flags & (uint)FileFlags.Sync) != 0;
        if (((_intent & OpenIntent.Sync) == 0 && !isSynchronous) || errno != Errno.Success)
        {
            return;
        }

        if (isSynchronous || (_intent & OpenIntent.Sync) == OpenIntent.Sync)
        {
            errno = Sync(dataOnly: false);
        }
        else if (!Context.CommitsAreDurable)
        {
            Context.Store.EnsureDurable();
        }
    }
}

using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Files;

internal sealed partial class FileHandle
{
    /// <inheritdoc/>
    public Errno Read(long offsetBytes, Span<byte> destination, out int readBytes)
    {
        readBytes = 0;
        try
        {
            Errno errno = Fill(offsetBytes, destination.Length);
            if (errno == Errno.Success)
            {
                errno = EnterForReading(offsetBytes);
            }

            if (errno != Errno.Success)
            {
                return errno;
            }

            try
            {
                long leftBytes = _inode.Record.SizeBytes - offsetBytes;
                if (leftBytes <= 0)
                {
                    return Errno.Success;
                }

                if (leftBytes < destination.Length)
                {
                    destination = destination[..(int)leftBytes];
                }

                if (_inode.IsPrivate)
                {
                    return Data.ReadPrivateShared(_inode, offsetBytes, destination, out readBytes);
                }

                Data.ReadShared(_inode, offsetBytes, destination);
                readBytes = destination.Length;
                return Errno.Success;
            }
            finally
            {
                _inode.Lock.ExitShared();
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            readBytes = 0;
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno BeginDirectRead(
        long offsetBytes, int wantedBytes, Span<MediumSegment> segments, out int segmentCount, out int lengthBytes)
    {
        segmentCount = 0;
        lengthBytes = 0;
        try
        {
            if (wantedBytes < 0)
            {
                return Errno.EINVAL;
            }

            Errno errno = Fill(offsetBytes, wantedBytes);
            if (errno == Errno.Success)
            {
                errno = EnterForReading(offsetBytes);
            }

            if (errno != Errno.Success)
            {
                return errno;
            }

            try
            {
                long leftBytes = _inode.Record.SizeBytes - offsetBytes;
                if (_inode.IsPrivate && leftBytes > 0)
                {
                    errno = Data.VerifyShared(_inode, offsetBytes, Math.Min(leftBytes, wantedBytes));
                    if (errno != Errno.Success)
                    {
                        _inode.Lock.ExitShared();
                        return errno;
                    }
                }

                if (leftBytes > 0)
                {
                    lengthBytes = Data.FindSegmentsShared(
                        _inode, offsetBytes, (int)Math.Min(leftBytes, wantedBytes), segments, out segmentCount);
                }

                return Errno.Success;
            }
            catch
            {
                _inode.Lock.ExitShared();
                throw;
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            segmentCount = 0;
            lengthBytes = 0;
            return errno;
        }
    }

    /// <inheritdoc/>
    public void EndDirectRead() => _inode.Lock.ExitShared();

    /// <inheritdoc/>
    public Errno Seek(long offsetBytes, SeekTarget target, out long foundBytes)
    {
        foundBytes = 0;
        try
        {
            using Locking.SharedScope scope = new(_inode.Lock);
            Errno errno = CheckOpen();
            return errno == Errno.Success ? Data.SeekShared(_inode, offsetBytes, target, out foundBytes) : errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <summary>Takes the lock shared with the extents in memory. On success the caller leaves it.</summary>
    private Errno EnterForReading(long offsetBytes)
    {
        if ((_intent & OpenIntent.Read) == 0 || offsetBytes < 0)
        {
            return offsetBytes < 0 ? Errno.EINVAL : Errno.EBADF;
        }

        for (; ; )
        {
            _inode.Lock.EnterShared();
            if (_isClosed || _inode.IsGone)
            {
                _inode.Lock.ExitShared();
                return Errno.EBADF;
            }

            if (_inode.Extents.IsLoaded)
            {
                break;
            }

            _inode.Lock.ExitShared();
            LoadExtents(offsetBytes);
        }

        if ((_inode.IsAccessTimeOld || Context.AlwaysMovesAccessTimes) && Context.MovesAccessTimes && _inode.Mark(PendingTimes.Access))
        {
            Context.TimeStamps.Add(_inode);
        }

        return Errno.Success;
    }

    /// <summary>Reads from the tree where the file's blocks lie; takes the lock exclusively.</summary>
    private void LoadExtents(long offsetBytes)
    {
        _inode.Lock.EnterExclusive();
        try
        {
            if (!_isClosed && !_inode.IsGone && !_inode.Extents.IsLoaded)
            {
                long fileBlock = Math.Min(offsetBytes >> Geometry.BlockShift, ExtentMap.MaxFileBlocks - 1);
                Data.LoadLocked(_inode, fileBlock, fileBlock + 1);
            }
        }
        finally
        {
            _inode.Lock.ExitExclusive();
        }
    }
}

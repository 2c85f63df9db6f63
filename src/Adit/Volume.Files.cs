using Adit.Files;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Nodes;

using Adit.Format.Records;
using Adit.Metadata.Trees;
using Adit.Quotas;
namespace Adit;

/// <summary>Opening files, and what concerns the volume as a whole.</summary>
public sealed partial class Volume
{
    /// <inheritdoc/>
    public Errno Open(InodeNumber inode, OpenIntent intent, out IOpenFile? file) => Open(inode, intent, again: false, out file);

    /// <inheritdoc/>
    public Errno Reopen(InodeNumber inode, OpenIntent intent, out IOpenFile? file) => Open(inode, intent & ~OpenIntent.Truncate, again: true, out file);

    private Errno Open(InodeNumber inode, OpenIntent intent, bool again, out IOpenFile? file)
    {
        file = null;
        Inode? node = null;
        try
        {
            Errno errno = _isClosed ? Errno.EBADF : Use(inode, out node);
            if (errno == Errno.Success)
            {
                errno = FileHandle.Open(this, node!, intent, again, out file);
            }

            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
        finally
        {
            Release(node);
        }
    }

    /// <inheritdoc/>
    public void Close(IOpenFile file) => ((FileHandle)file).Close(keeps: true);

    /// <inheritdoc/>
    public Errno SyncDirectory(InodeNumber directory) => SyncVolume();

    /// <inheritdoc/>
    public Errno SyncVolume()
    {
        if (IsReadOnly || _isClosed)
        {
            return _isClosed ? Errno.EBADF : Errno.Success;
        }

        try
        {
            Errno mapped = SyncMappings();
            Errno errno = RecordTimeStamps();
            _context.Store.EnsureDurable();
            _context.Changes.WaitUntilTold();
            return mapped != Errno.Success ? mapped : errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    /// <inheritdoc/>
    public Errno ShutDown(bool makesDurable)
    {
        Errno errno = makesDurable ? SyncVolume() : Errno.Success;
        if (errno == Errno.Success)
        {
            _context.Store.Stop("it was shut down on request");
        }

        return errno;
    }

    /// <inheritdoc/>
    public VolumeSpace GetSpace()
    {
        // Inodes take what space there is: about a name, a record and half of what lies around them each.
        const int InodesPerBlock = 8;
        long freeBlocks = _isClosed ? 0 : _context.Store.FreeBlocks;
        long freeInodes = freeBlocks * InodesPerBlock;
        long inodes = 0;
        try
        {
            inodes = _isClosed ? 0 : _context.InodeCount.Count();
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out _))
        {
            // Damaged metadata is for those to report who need it.
        }

        return new VolumeSpace(_context.Store.TotalBlocks, freeBlocks, inodes + freeInodes, freeInodes);
    }

    /// <inheritdoc/>
    /// <remarks>As XFS does: of a directory whose project id is passed on.</remarks>
    public VolumeSpace GetSpace(InodeNumber at)
    {
        VolumeSpace space = GetSpace();
        if (!_context.Quotas.IsEnforced || _isClosed || at == InodeNumber.Volume)
        {
            return space;
        }

        try
        {
            using TreeReader tree = _context.Store.Read();
            if (!TryReadRecord(in tree, at, out InodeRecord record) || record.ProjectId == 0
                || (record.Flags & (uint)FileFlags.ProjectInherit) == 0
                || !QuotaLedger.TryGet(in tree, QuotaRecord.Key(QuotaKind.Project, record.ProjectId), out QuotaRecord quota))
            {
                return space;
            }

            long blocks = quota.SoftBlocks != 0 ? quota.SoftBlocks : quota.HardBlocks;
            long inodes = quota.SoftInodes != 0 ? quota.SoftInodes : quota.HardInodes;
            if (blocks != 0 && blocks < space.TotalBlocks)
            {
                space = space with { TotalBlocks = blocks, FreeBlocks = Math.Min(space.FreeBlocks, Math.Max(0, blocks - quota.UsedBlocks)) };
            }

            if (inodes != 0 && inodes < space.InodeCount)
            {
                space = space with { InodeCount = inodes, FreeInodeCount = Math.Min(space.FreeInodeCount, Math.Max(0, inodes - quota.UsedInodes)) };
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out _))
        {
            // Damaged metadata is for those to report who need it.
        }

        return space;
    }
}

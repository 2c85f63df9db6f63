using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Interop;
using Adit.Locking;

namespace Adit.Files;

internal sealed partial class FileHandle
{
    /// <summary>Most files are opened and closed without one.</summary>
    private OpenedMapping? _mapping;

    /// <summary>Opened for writing: write access may be asked of the mapping.</summary>
    public bool IsWritable => (_intent & Nodes.OpenIntent.Write) != 0;

    /// <summary>The file's mapping. Made when somebody first asks for it; costs nothing before.</summary>
    /// <returns>EBADF: the file is closed. EOPNOTSUPP: it is a private one.</returns>
    public Errno OpenMapping(out AddressSpace? space)
    {
        space = Volatile.Read(ref _mapping)?.Space;
        if (space is not null)
        {
            return Errno.Success;
        }

        using ExclusiveScope scope = new(_inode.Lock);
        Errno errno = CheckOpen();
        if (errno == Errno.Success && _inode.IsPrivate)
        {
            errno = Errno.ENOTSUP;
        }

        if (errno == Errno.Success)
        {
            _inode.WasMapped = true;
            space = _inode.Space ??= _volume.MakeMapping(_inode);
            if (_mapping is null)
            {
                Volatile.Write(ref _mapping, new OpenedMapping(space));
            }
        }

        return errno;
    }

    /// <summary>Has page sources fill what a read is about to see. No lock is held.</summary>
    private Errno Fill(long offsetBytes, long lengthBytes)
    {
        AddressSpace? space = Volatile.Read(ref _inode.Space);
        return space is null || !space.HasSources ? Errno.Success : Fill(space, offsetBytes, lengthBytes);
    }

    /// <summary>The same for what a write leaves of the first and the last page.</summary>
    private Errno FillEdges(long offsetBytes, int lengthBytes)
    {
        AddressSpace? space = Volatile.Read(ref _inode.Space);
        if (space is null || !space.HasSources || lengthBytes == 0)
        {
            return Errno.Success;
        }

        long end = offsetBytes + lengthBytes;
        Errno errno = (offsetBytes & (PageIndex.PageBytes - 1)) != 0 || lengthBytes < PageIndex.PageBytes ? Fill(space, offsetBytes, 1) : Errno.Success;
        return errno == Errno.Success && (end & (PageIndex.PageBytes - 1)) != 0 ? Fill(space, end - 1, 1) : errno;
    }

    private Errno Fill(AddressSpace space, long offsetBytes, long lengthBytes)
    {
        long inFile = Math.Min(lengthBytes, Attributes.SizeBytes - offsetBytes);
        Errno errno = offsetBytes < 0 || inFile <= 0 ? Errno.Success : space.Populate(offsetBytes, inFile, PinAccess.Read);

        // Cut meanwhile: there is nothing to fill.
        return errno == Errno.ENXIO ? Errno.Success : errno;
    }

    /// <summary>Makes durable what was stored to the file through pins and views, of any handle.</summary>
    private Errno SyncMapping()
    {
        OpenedMapping? mapping = Volatile.Read(ref _mapping);
        if (mapping is not null)
        {
            lock (mapping.Lock)
            {
                return mapping.Space.Sync(PageRange.All, ref mapping.Cursor);
            }
        }

        // This handle never mapped the file; another may have.
        return Volatile.Read(ref _inode.Space)?.Writeback(PageRange.All) ?? Errno.Success;
    }

    /// <summary>The mapping as this open file knows it, with the errors of write-back that its syncs have reported.</summary>
    private sealed class OpenedMapping(AddressSpace space)
    {
        public readonly AddressSpace Space = space;
        public readonly Lock Lock = new();

        /// <summary>Guarded by <see cref="Lock"/>.</summary>
        public ErrorCursor Cursor = space.OpenCursor();
    }
}

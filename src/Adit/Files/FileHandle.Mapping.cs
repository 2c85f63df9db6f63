using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Interop;
using Adit.Locking;

namespace Adit.Files;

internal sealed partial class FileHandle
{
    private readonly Lock _cursorLock = new();
    private AddressSpace? _space;
    private ErrorCursor _cursor;

    /// <summary>Opened for writing: write access may be asked of the mapping.</summary>
    public bool IsWritable => (_intent & Nodes.OpenIntent.Write) != 0;

    /// <summary>The file's mapping. Made when somebody first asks for it; costs nothing before.</summary>
    /// <returns>EBADF: the file is closed.</returns>
    public Errno OpenMapping(out AddressSpace? space)
    {
        space = Volatile.Read(ref _space);
        if (space is not null)
        {
            return Errno.Success;
        }

        using ExclusiveScope scope = new(_inode.Lock);
        Errno errno = CheckOpen();
        if (errno == Errno.Success)
        {
            space = _inode.Space ??= _volume.MakeMapping(_inode);
            if (_space is null)
            {
                _cursor = space.OpenCursor();
                Volatile.Write(ref _space, space);
            }
        }

        return errno;
    }

    /// <summary>Makes durable what was stored to the file through pins and views, of any handle.</summary>
    private Errno SyncMapping()
    {
        AddressSpace? space = Volatile.Read(ref _space);
        if (space is not null)
        {
            lock (_cursorLock)
            {
                return space.Sync(PageRange.All, ref _cursor);
            }
        }

        // This handle never mapped the file; another may have.
        return Volatile.Read(ref _inode.Space)?.Writeback(PageRange.All) ?? Errno.Success;
    }
}

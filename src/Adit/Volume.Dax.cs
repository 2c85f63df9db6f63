using Adit.Access;
using Adit.Files;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;

namespace Adit;

/// <summary>How files are accessed, and why.</summary>
public sealed partial class Volume
{
    /// <summary>What decides whether files are accessed directly, while the volume is open.</summary>
    public DaxMode Dax => _options.Dax;

    /// <summary>How a file is accessed, why, and what its flag will change.</summary>
    public DaxStatus GetDaxStatus(string path, bool followLink = true)
    {
        DaxStatus? status = null;
        AtInode(path, followLink, "get the access state of", inode =>
        {
            status = GetDaxStatus(inode);
            return Errno.Success;
        });
        return status!;
    }

    /// <summary>What would use a feature that is a preview fails.</summary>
    internal bool RefusesPreviews => _options.Previews == PreviewPolicy.Refuse;

    internal DaxStatus GetDaxStatus(Inode inode)
    {
        using SharedScope scope = new(inode.Lock);
        return _context.Access.StatusOf(inode);
    }

    /// <summary>Gives a file the state that option and flag decide, unless somebody uses it; needs the inode's lock exclusively. A mapping that
    /// only waits to be forgotten is no use.</summary>
    internal void SettleStateLocked(Inode inode)
    {
        bool isPrivate = _context.Access.IsPrivate(in inode.Record);
        if (isPrivate == inode.IsPrivate || inode.OpenCount != 0)
        {
            return;
        }

        if (inode.Space is { } space)
        {
            _ = TryForgetMappingLocked(inode, space);
        }

        if (!inode.IsInUse)
        {
            inode.IsPrivate = isPrivate;
        }
    }
}

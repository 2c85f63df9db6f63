using Adit.Nodes;

namespace Adit.Fuse.Access;

/// <summary>The inode flags of FS_IOC_GETFLAGS, and their other names in FS_IOC_FSGETXATTR.</summary>
internal static class InodeFlags
{
    private const uint XImmutable = 0x8;
    private const uint XAppendOnly = 0x10;
    private const uint XSync = 0x20;
    private const uint XNoAccessTime = 0x40;
    private const uint XNoDump = 0x80;
    private const uint XProjectInherit = 0x200;
    private const uint XDax = 0x8000;

    /// <summary>Shown, and what a user may change.</summary>
    public const uint Visible = (uint)FileFlags.All;

    /// <summary>What FS_IOC_FSSETXATTR knows; the others stay as they are there.</summary>
    public const uint HaveXFlags = (uint)(FileFlags.All & ~FileFlags.DirectorySync);

    private static readonly (FileFlags Flag, uint XFlag)[] Pairs =
    [
        (FileFlags.Immutable, XImmutable), (FileFlags.AppendOnly, XAppendOnly), (FileFlags.Sync, XSync),
        (FileFlags.NoAccessTime, XNoAccessTime), (FileFlags.NoDump, XNoDump), (FileFlags.ProjectInherit, XProjectInherit),
        (FileFlags.DirectAccess, XDax),
    ];

    public static uint ToXFlags(uint flags)
    {
        uint xflags = 0;
        foreach ((FileFlags flag, uint xflag) in Pairs)
        {
            xflags |= (flags & (uint)flag) != 0 ? xflag : 0;
        }

        return xflags;
    }

    /// <returns>False when a bit has no meaning here.</returns>
    public static bool TryFromXFlags(uint xflags, out uint flags)
    {
        // FS_XFLAG_HASATTR only tells.
        const uint HasAttributes = 0x8000_0000;

        flags = 0;
        uint rest = xflags & ~HasAttributes;
        foreach ((FileFlags flag, uint xflag) in Pairs)
        {
            if ((rest & xflag) != 0)
            {
                flags |= (uint)flag;
                rest &= ~xflag;
            }
        }

        return rest == 0;
    }
}

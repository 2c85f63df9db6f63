namespace Adit.Fuse.Access;

/// <summary>The inode flags of FS_IOC_GETFLAGS, and their other names in FS_IOC_FSGETXATTR.</summary>
internal static class InodeFlags
{
    private const uint Sync = 0x8;
    private const uint Immutable = 0x10;
    private const uint AppendOnly = 0x20;
    private const uint NoDump = 0x40;
    private const uint NoAccessTime = 0x80;
    private const uint Dax = 0x0200_0000;

    private const uint XImmutable = 0x8;
    private const uint XAppendOnly = 0x10;
    private const uint XSync = 0x20;
    private const uint XNoAccessTime = 0x40;
    private const uint XNoDump = 0x80;
    private const uint XDax = 0x8000;

    /// <summary>Shown; others are none of a user's business.</summary>
    public const uint Visible = Sync | Immutable | AppendOnly | NoDump | NoAccessTime | Dax;

    /// <summary>What a user may change. The others are not: they would have to be enforced.</summary>
    public const uint Settable = NoDump | Dax;


    private static readonly (uint Flag, uint XFlag)[] Pairs =
    [
        (Immutable, XImmutable), (AppendOnly, XAppendOnly), (Sync, XSync), (NoAccessTime, XNoAccessTime), (NoDump, XNoDump), (Dax, XDax),
    ];

    public static uint ToXFlags(uint flags)
    {
        uint xflags = 0;
        foreach ((uint flag, uint xflag) in Pairs)
        {
            xflags |= (flags & flag) != 0 ? xflag : 0;
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
        foreach ((uint flag, uint xflag) in Pairs)
        {
            if ((rest & xflag) != 0)
            {
                flags |= flag;
                rest &= ~xflag;
            }
        }

        return rest == 0;
    }
}

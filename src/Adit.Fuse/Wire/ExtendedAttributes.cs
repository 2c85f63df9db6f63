using System.Runtime.InteropServices;

namespace Adit.Fuse.Wire;

/// <summary>The first half of struct fuse_setxattr_in, all that kernels without FUSE_SETXATTR_EXT send.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SetXAttrIn
{
    public uint Size;

    /// <summary>XATTR_CREATE 1 or XATTR_REPLACE 2.</summary>
    public uint Flags;
}

/// <summary>The second half of struct fuse_setxattr_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SetXAttrExtension
{
    /// <summary>The access list that is set takes setgid from the mode.</summary>
    public const uint AclKillSetGid = 1;

    public uint SetXAttrFlags;
    public uint Padding;
}

/// <summary>struct fuse_getxattr_in, followed by the name; alone in FUSE_LISTXATTR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GetXAttrIn
{
    public uint Size;
    public uint Padding;
}

/// <summary>struct fuse_getxattr_out, the reply when the asked size is 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GetXAttrOut
{
    public uint Size;
    public uint Padding;
}

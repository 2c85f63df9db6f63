using System.Runtime.InteropServices;

namespace Adit.Fuse.Wire;

/// <summary>enum fuse_notify_code.</summary>
internal enum NotifyCode
{
    InvalidateInode = 2,
    InvalidateEntry = 3,
    Retrieve = 5,
    Delete = 6,
    Resend = 7,

    /// <summary>All cached names lose their validity (protocol 7.44).</summary>
    IncrementEpoch = 8,
}

/// <summary>struct fuse_notify_inval_inode_out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NotifyInvalidateInodeOut
{
    public ulong Inode;

    /// <summary>Negative: attributes only.</summary>
    public long Offset;

    /// <summary>0 or negative: to the end.</summary>
    public long Length;
}

/// <summary>struct fuse_notify_inval_entry_out, followed by the name and a zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NotifyInvalidateEntryOut
{
    public ulong Parent;
    public uint NameLength;
    public uint Flags;
}

/// <summary>struct fuse_notify_delete_out, followed by the name and a zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NotifyDeleteOut
{
    public ulong Parent;
    public ulong Child;
    public uint NameLength;
    public uint Padding;
}

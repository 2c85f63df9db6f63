namespace Adit.Nodes;

/// <summary>The flags of an inode, with the numbers of Linux's <c>FS_*_FL</c> (lsattr(1), chattr(1)). They are kept in the inode; what
/// is made in a directory takes over those of <see cref="Inherited"/> that make sense for it.</summary>
[Flags]
public enum FileFlags : uint
{
    None = 0,

    /// <summary><c>S</c>: every write is durable before it returns; of a directory, every change of its entries.</summary>
    Sync = 0x8,

    /// <summary><c>i</c>: neither content nor attributes nor names can be changed. Only root, or CAP_LINUX_IMMUTABLE, sets or clears it.</summary>
    Immutable = 0x10,

    /// <summary><c>a</c>: bytes (or entries) can only be added. Only root, or CAP_LINUX_IMMUTABLE, sets or clears it.</summary>
    AppendOnly = 0x20,

    /// <summary><c>d</c>: a backup leaves it out. Only kept, for dump(8) and the like.</summary>
    NoDump = 0x40,

    /// <summary><c>A</c>: reading leaves the access time alone.</summary>
    NoAccessTime = 0x80,

    /// <summary><c>D</c>, of directories: every change of entries is durable before it returns.</summary>
    DirectorySync = 0x1_0000,

    /// <summary><c>x</c>: direct access. What it does, and when, is <see cref="DaxMode.Inode"/>'s to say.</summary>
    DirectAccess = 0x0200_0000,

    /// <summary><c>P</c>, of directories: what is made inside gets the directory's project id, and nothing of another project moves in.</summary>
    ProjectInherit = 0x2000_0000,

    /// <summary>All that can be set.</summary>
    All = Sync | Immutable | AppendOnly | NoDump | NoAccessTime | DirectorySync | DirectAccess | ProjectInherit,

    /// <summary>What a directory passes on.</summary>
    Inherited = Sync | NoDump | NoAccessTime | DirectorySync | DirectAccess | ProjectInherit,

    /// <summary>What needs privilege to be set or cleared.</summary>
    Privileged = Immutable | AppendOnly,
}

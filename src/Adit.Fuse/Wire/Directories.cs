using System.Runtime.InteropServices;

namespace Adit.Fuse.Wire;

/// <summary>struct fuse_dirent, followed by the name and zeros up to 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DirEnt
{
    public ulong Inode;

    /// <summary>Where a later READDIR continues.</summary>
    public ulong Offset;
    public uint NameLength;

    /// <summary>DT_*: the type bits of st_mode, shifted.</summary>
    public uint Type;
}

/// <summary>struct fuse_direntplus, followed as <see cref="DirEnt"/> is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DirEntPlus
{
    public EntryOut Entry;
    public DirEnt DirEnt;
}

/// <summary>struct fuse_statfs_out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StatFsOut
{
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public uint BlockSize;
    public uint NameLength;
    public uint FragmentSize;
    public uint Padding;
    public fixed uint Spare[6];
}

/// <summary>struct fuse_syncfs_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SyncFsIn
{
    public ulong Padding;
}

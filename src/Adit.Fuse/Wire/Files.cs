using System.Runtime.InteropServices;

namespace Adit.Fuse.Wire;

/// <summary>struct fuse_open_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenIn
{
    public const uint KillSetIds = 1;

    /// <summary>The O_* flags of open(2).</summary>
    public uint Flags;
    public uint OpenFlags;
}

/// <summary>struct fuse_create_in, followed by the name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CreateIn
{
    public uint Flags;
    public uint Mode;
    public uint Umask;
    public uint OpenFlags;
}

/// <summary>struct fuse_open_out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenOut
{
    public ulong Handle;
    public OpenReplyFlags Flags;
    public int BackingId;
}

/// <summary>FOPEN_*.</summary>
[Flags]
internal enum OpenReplyFlags : uint
{
    None = 0,
    DirectIo = 1 << 0,
    KeepCache = 1 << 1,
    NonSeekable = 1 << 2,
    CacheDirectory = 1 << 3,
    Stream = 1 << 4,
    NoFlush = 1 << 5,
    ParallelDirectWrites = 1 << 6,
    Passthrough = 1 << 7,
}

/// <summary>struct fuse_release_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReleaseIn
{
    public ulong Handle;
    public uint Flags;
    public uint ReleaseFlags;
    public ulong LockOwner;
}

/// <summary>struct fuse_read_in; also of FUSE_READDIR and FUSE_READDIRPLUS.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReadIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint ReadFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary>struct fuse_write_in, followed by the data.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WriteIn
{
    /// <summary>Written back from the page cache: the handle is guessed and the offset is meant.</summary>
    public const uint FromCache = 1 << 0;

    /// <summary>The writer may not keep setuid and setgid.</summary>
    public const uint KillSetIds = 1 << 2;

    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint WriteFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary>struct fuse_write_out; also of FUSE_COPY_FILE_RANGE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WriteOut
{
    public uint Size;
    public uint Padding;
}

/// <summary>struct fuse_fsync_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FSyncIn
{
    public const uint DataOnly = 1;

    public ulong Handle;
    public uint Flags;
    public uint Padding;
}

/// <summary>struct fuse_fallocate_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FAllocateIn
{
    public ulong Handle;
    public ulong Offset;
    public ulong Length;
    public uint Mode;
    public uint Padding;
}

/// <summary>struct fuse_lseek_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LSeekIn
{
    public const uint SeekData = 3;
    public const uint SeekHole = 4;

    public ulong Handle;
    public ulong Offset;
    public uint Whence;
    public uint Padding;
}

/// <summary>struct fuse_lseek_out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LSeekOut
{
    public ulong Offset;
}

/// <summary>struct fuse_copy_file_range_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CopyFileRangeIn
{
    public ulong HandleIn;
    public ulong OffsetIn;
    public ulong NodeIdOut;
    public ulong HandleOut;
    public ulong OffsetOut;
    public ulong Length;
    public ulong Flags;
}

/// <summary>struct fuse_copy_file_range_out, of FUSE_COPY_FILE_RANGE_64.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CopyFileRangeOut
{
    public ulong BytesCopied;
}

/// <summary>struct fuse_ioctl_in, followed by the caller's argument.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoCtlIn
{
    public const uint OnDirectory = 1 << 4;

    public ulong Handle;
    public uint Flags;
    public uint Command;
    public ulong Argument;
    public uint InSize;
    public uint OutSize;
}

/// <summary>struct fuse_ioctl_out, followed by exactly <see cref="IoCtlIn.OutSize"/> bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoCtlOut
{
    public int Result;
    public uint Flags;
    public uint InVectors;
    public uint OutVectors;
}

using Adit.Format;
using Adit.Interop.Linux;

namespace Adit.Nodes;

/// <summary>A moment, in seconds and nanoseconds since 1970-01-01 UTC.</summary>
public readonly record struct Timestamp(long Seconds, uint Nanoseconds);

/// <summary>The attributes of an inode, as stat(2) shows them.</summary>
public struct NodeAttributes
{
    public InodeNumber Inode;

    /// <summary>Type and permission bits, as st_mode.</summary>
    public uint Mode;
    public uint LinkCount;
    public uint UserId;
    public uint GroupId;

    /// <summary>Device number of a device node, as the kernel encodes st_rdev for FUSE (32 bits).</summary>
    public uint Device;
    public long SizeBytes;

    /// <summary>Allocated data blocks of 4 KiB.</summary>
    public long BlockCount;
    public Timestamp AccessTime;
    public Timestamp ModifyTime;
    public Timestamp ChangeTime;
    public Timestamp BirthTime;

    /// <summary>FS_*_FL bits (append-only, immutable, DAX ...), as <see cref="FileFlags"/> names them.</summary>
    public uint Flags;

    /// <summary>Which project the inode counts for; 0 unless it was given one.</summary>
    public uint ProjectId;

    /// <summary>A number that differs whenever an inode number could mean another inode.</summary>
    public ulong Generation;

    public readonly FileType Type => (FileType)(Mode & 0xF000);
}

/// <summary>The type bits of st_mode.</summary>
public enum FileType : uint
{
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    SymbolicLink = 0xA000,
    Socket = 0xC000,
}

/// <summary>Who asks: the owner of what is made. The group may come from a setgid parent instead.</summary>
public readonly record struct Caller(uint UserId, uint GroupId, uint Umask = 0)
{
    /// <summary>This process, whose files are made by path, as it is at the first use. Its umask is left to whoever gives the permissions.</summary>
    public static Caller OfProcess { get; } = new(Libc.geteuid(), Libc.getegid());
}

/// <summary>What an open file will be used for.</summary>
[Flags]
public enum OpenIntent
{
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,

    /// <summary>Each write is durable with what is needed to read it back (O_DSYNC).</summary>
    DataSync = 4,

    /// <summary>Each write is durable with all attributes (O_SYNC).</summary>
    Sync = 8 | DataSync,

    /// <summary>Cut to length zero when opened (O_TRUNC).</summary>
    Truncate = 16,

    /// <summary>It will only be appended to (O_APPEND): the only way to open an append-only file for writing.</summary>
    Append = 32,
}

/// <summary>Which attributes to change.</summary>
[Flags]
public enum AttributeFields
{
    None = 0,
    Mode = 1,
    UserId = 2,
    GroupId = 4,
    Size = 8,
    AccessTime = 16,
    ModifyTime = 32,
    ChangeTime = 64,
    AccessTimeNow = 128,
    ModifyTimeNow = 256,
    Flags = 512,

    /// <summary>Clear setuid and setgid as a write by an unprivileged user does.</summary>
    KillPrivileges = 1024,

    /// <summary>The project id.</summary>
    Project = 2048,

    /// <summary>The flags of everything inside are being changed too: the DAX flag of a directory may change though it is not empty.</summary>
    WholeTree = 4096,

    /// <summary>Nothing but the time of change, which every other change moves too.</summary>
    TouchChangeTime = 8192,

    /// <summary>Limits of the new owners do not count: whoever asks may pass them, as root may.</summary>
    IgnoreQuota = 16384,
}

/// <summary>The changes of one setattr.</summary>
public struct AttributeChanges
{
    public AttributeFields Fields;
    public uint Mode;
    public uint UserId;
    public uint GroupId;
    public long SizeBytes;
    public Timestamp AccessTime;
    public Timestamp ModifyTime;
    public Timestamp ChangeTime;
    public uint Flags;

    /// <summary>Which of <see cref="Flags"/> are meant; 0: all of them.</summary>
    public uint FlagsMask;
    public uint ProjectId;
}

/// <summary>renameat2(2) flags, with the kernel's numbers.</summary>
[Flags]
public enum RenameFlags : uint
{
    None = 0,
    NoReplace = 1,
    Exchange = 2,
    Whiteout = 4,
}

/// <summary>fallocate(2) modes, with the kernel's numbers.</summary>
[Flags]
public enum AllocateMode : uint
{
    Allocate = 0,
    KeepSize = 1,
    PunchHole = 2,
    CollapseRange = 8,
    ZeroRange = 16,
    InsertRange = 32,
    UnshareRange = 64,
}

/// <summary>What a seek looks for.</summary>
public enum SeekTarget
{
    Data,
    Hole,
}

/// <summary>Whether setting an attribute may create or replace it.</summary>
public enum AttributeSetMode
{
    CreateOrReplace = 0,
    Create = 1,
    Replace = 2,
}

/// <summary>A run of mapped bytes of the medium.</summary>
public readonly unsafe struct MediumSegment(byte* start, int lengthBytes)
{
    public byte* Start { get; } = start;

    public int LengthBytes { get; } = lengthBytes;
}

/// <summary>One entry of a directory, given to a sink. Its name is valid during the call only.</summary>
public ref struct DirectoryItem
{
    public ReadOnlySpan<byte> Name;
    public InodeNumber Inode;
    public FileType Type;

    /// <summary>Continues behind this entry when passed to the next ReadDirectory.</summary>
    public ulong Cookie;

    /// <summary>Filled in when asked for and the entry is neither "." nor "..".</summary>
    public NodeAttributes Attributes;
}

/// <summary>Takes the entries of a directory.</summary>
public interface IDirectorySink
{
    /// <returns>False when there is no room for this entry: it will come again.</returns>
    bool Accept(in DirectoryItem item);
}

/// <summary>The space of a volume, as statfs(2) shows it.</summary>
/// <param name="TotalBlocks">Of 4 KiB.</param>
/// <param name="FreeBlocks">That data can have.</param>
/// <param name="InodeCount">Those there are and those that could be made.</param>
/// <param name="FreeInodeCount">Those that could be made.</param>
public readonly record struct VolumeSpace(long TotalBlocks, long FreeBlocks, long InodeCount, long FreeInodeCount);

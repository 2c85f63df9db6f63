using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary><c>struct statx</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public struct StatxBuffer
{
    public const uint STATX_BASIC_STATS = 0x7FF;
    public const ulong STATX_ATTR_DAX = 0x200000;

    public const uint S_IFMT = 0xF000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFDIR = 0x4000;

    [FieldOffset(0)] public uint stx_mask;
    [FieldOffset(4)] public uint stx_blksize;
    [FieldOffset(8)] public ulong stx_attributes;
    [FieldOffset(16)] public uint stx_nlink;
    [FieldOffset(20)] public uint stx_uid;
    [FieldOffset(24)] public uint stx_gid;
    [FieldOffset(28)] public ushort stx_mode;
    [FieldOffset(32)] public ulong stx_ino;
    [FieldOffset(40)] public ulong stx_size;

    /// <summary>In units of 512 bytes.</summary>
    [FieldOffset(48)] public ulong stx_blocks;

    [FieldOffset(56)] public ulong stx_attributes_mask;
    [FieldOffset(64)] public long stx_atime_sec;
    [FieldOffset(112)] public long stx_mtime_sec;
    [FieldOffset(120)] public uint stx_mtime_nsec;
    [FieldOffset(128)] public uint stx_rdev_major;
    [FieldOffset(132)] public uint stx_rdev_minor;
    [FieldOffset(136)] public uint stx_dev_major;
    [FieldOffset(140)] public uint stx_dev_minor;

    public readonly bool IsRegularFile => (stx_mode & S_IFMT) == S_IFREG;

    public readonly bool IsCharacterDevice => (stx_mode & S_IFMT) == S_IFCHR;

    /// <summary>The file's stores go straight to persistent memory.</summary>
    public readonly bool IsDax => (stx_attributes & STATX_ATTR_DAX) != 0;
}

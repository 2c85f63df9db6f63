using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary><c>struct statfs</c> of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
public struct StatfsBuffer
{
    public const long EXT4_SUPER_MAGIC = 0xEF53;
    public const long XFS_SUPER_MAGIC = 0x58465342;
    public const long TMPFS_MAGIC = 0x01021994;

    [FieldOffset(0)] public long f_type;
    [FieldOffset(8)] public long f_bsize;
    [FieldOffset(16)] public ulong f_blocks;
    [FieldOffset(24)] public ulong f_bfree;
    [FieldOffset(32)] public ulong f_bavail;
}

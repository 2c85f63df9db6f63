using System.Runtime.InteropServices;

namespace Adit.Fuse.Wire;

/// <summary>struct fuse_in_header: starts every request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InHeader
{
    /// <summary>Set in <see cref="Unique"/> when the kernel sends a request again after a server change.</summary>
    public const ulong ResendBit = 1UL << 63;

    /// <summary>FUSE_INVALID_UIDGID: with FUSE_ALLOW_IDMAP the user and group of every request that makes nothing.</summary>
    public const uint NobodySaid = uint.MaxValue;

    public uint Length;
    public Opcode Opcode;
    public ulong Unique;
    public ulong NodeId;
    public uint UserId;
    public uint GroupId;
    public uint ProcessId;

    /// <summary>Length of the extensions at the end, in 8-byte units.</summary>
    public ushort ExtensionLength;
    public ushort Padding;
}

/// <summary>struct fuse_out_header: starts every reply, and every notification with <see cref="Unique"/> 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OutHeader
{
    public uint Length;

    /// <summary>0 or a negative errno; in a notification its code.</summary>
    public int Error;
    public ulong Unique;
}

/// <summary>struct fuse_init_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InitIn
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public uint Flags2;
    public fixed uint Unused[11];
}

/// <summary>struct fuse_init_out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGranularity;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ushort RequestTimeout;
    public fixed ushort Unused[11];
}

/// <summary>struct fuse_interrupt_in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InterruptIn
{
    public ulong Unique;
}

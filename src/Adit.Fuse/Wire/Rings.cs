using System.Runtime.InteropServices;

namespace Adit.Fuse.Wire;

/// <summary>enum fuse_uring_cmd: what a ring's command asks of the kernel.</summary>
internal enum RingOperation : uint
{
    /// <summary>Gives an entry to a queue: a place for headers and one for data, and the wish for a request.</summary>
    Register = 1,

    /// <summary>Answers an entry's request and asks for the next one.</summary>
    CommitAndFetch = 2,
}

/// <summary>struct fuse_uring_cmd_req: the driver's part of a command.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal struct RingCommandIn
{
    public ulong Flags;

    /// <summary>The number of the request that is answered.</summary>
    public ulong CommitId;

    /// <summary>The queue: one of a processor.</summary>
    public ushort Queue;
}

/// <summary>struct fuse_uring_req_header: the headers of an entry, of the request and then of the reply.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RingHeaders
{
    public const int OpInBytes = 128;

    /// <summary><see cref="InHeader"/>, then <see cref="OutHeader"/>.</summary>
    public fixed byte InOut[128];

    /// <summary>The first argument of the request, where it has a structure of its own; the others are in the payload.</summary>
    public fixed byte OpIn[OpInBytes];

    public RingInOut Entry;
}

/// <summary>struct fuse_uring_ent_in_out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RingInOut
{
    public ulong Flags;

    /// <summary>Names the request when it is answered.</summary>
    public ulong CommitId;

    /// <summary>How much of the payload is used.</summary>
    public uint PayloadBytes;
    public uint Padding;
    public ulong Reserved;
}

/// <summary>struct fuse_notify_retrieve_out: has the kernel send a request of its own, with what it has cached of a file.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NotifyRetrieveOut
{
    public ulong Unique;
    public ulong Inode;
    public ulong Offset;
    public uint Size;
    public uint Padding;
}

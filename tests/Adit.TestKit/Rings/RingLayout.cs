using System.Runtime.InteropServices;

namespace Adit.TestKit.Rings;

/// <summary>struct io_uring_params.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RingParameters
{
    public uint SubmissionCount;
    public uint CompletionCount;
    public uint Flags;
    public uint ThreadCpu;
    public uint ThreadIdle;
    public uint Features;
    public uint WorkQueue;
    private readonly uint _reserved0;
    private readonly uint _reserved1;
    private readonly uint _reserved2;
    public SubmissionOffsets Submission;
    public CompletionOffsets Completion;
}

/// <summary>struct io_sqring_offsets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SubmissionOffsets
{
    public uint Head;
    public uint Tail;
    public uint Mask;
    public uint EntryCount;
    public uint Flags;
    public uint Dropped;
    public uint Array;
    private readonly uint _reserved;
    private readonly ulong _userAddress;
}

/// <summary>struct io_cqring_offsets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CompletionOffsets
{
    public uint Head;
    public uint Tail;
    public uint Mask;
    public uint EntryCount;
    public uint Overflow;
    public uint Entries;
    public uint Flags;
    private readonly uint _reserved;
    private readonly ulong _userAddress;
}

/// <summary>struct io_uring_sqe, as far as reads and writes need it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct RingRequest
{
    [FieldOffset(0)]
    public RingOperation Operation;

    [FieldOffset(4)]
    public int Descriptor;

    [FieldOffset(8)]
    public long OffsetBytes;

    [FieldOffset(16)]
    public ulong Address;

    [FieldOffset(24)]
    public uint LengthBytes;

    [FieldOffset(32)]
    public ulong UserData;

    [FieldOffset(40)]
    public ushort BufferIndex;
}

/// <summary>struct io_uring_cqe.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RingCompletion
{
    public ulong UserData;
    public int Result;
    public uint Flags;
}

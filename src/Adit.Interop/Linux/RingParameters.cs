using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary><c>struct io_uring_params</c>: what a ring is asked to be, and where its parts are.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct RingParameters
{
    public uint sq_entries;
    public uint cq_entries;
    public uint flags;
    public uint sq_thread_cpu;
    public uint sq_thread_idle;
    public uint features;
    public uint wq_fd;
    public fixed uint resv[3];
    public SubmissionOffsets sq_off;
    public CompletionOffsets cq_off;

    /// <summary><c>struct io_sqring_offsets</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SubmissionOffsets
    {
        public uint head;
        public uint tail;
        public uint ring_mask;
        public uint ring_entries;
        public uint flags;
        public uint dropped;
        public uint array;
        public uint resv1;
        public ulong user_addr;
    }

    /// <summary><c>struct io_cqring_offsets</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CompletionOffsets
    {
        public uint head;
        public uint tail;
        public uint ring_mask;
        public uint ring_entries;
        public uint overflow;
        public uint cqes;
        public uint flags;
        public uint resv1;
        public ulong user_addr;
    }
}

/// <summary><c>struct io_uring_sqe</c> of 128 bytes, as a command for a driver has it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public unsafe struct RingCommand
{
    [FieldOffset(0)]
    public byte opcode;

    [FieldOffset(4)]
    public int fd;

    [FieldOffset(8)]
    public uint cmd_op;

    [FieldOffset(16)]
    public ulong addr;

    [FieldOffset(24)]
    public uint len;

    [FieldOffset(32)]
    public ulong user_data;

    /// <summary>The driver's own part.</summary>
    [FieldOffset(48)]
    public fixed byte cmd[80];
}

/// <summary><c>struct io_uring_cqe</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RingCompletion
{
    public ulong user_data;
    public int res;
    public uint flags;
}

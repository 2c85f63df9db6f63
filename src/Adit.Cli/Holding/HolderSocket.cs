using System.Text;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Holding;

/// <summary>One end of the conversation between a holder and its server: whole messages, which may carry a descriptor. The end of either process ends it.</summary>
/// <remarks>One thread receives; any may send.</remarks>
internal sealed unsafe class HolderSocket(FileDescriptor socket) : IDisposable
{
    private const int MaxTextBytes = 60 << 10;

    /// <summary>CMSG_SPACE of one descriptor: a header, the number, padding to 8 bytes.</summary>
    private const int ControlBytes = ControlMessageHeader.SizeBytes + 8;
    private const int DescriptorMessageBytes = ControlMessageHeader.SizeBytes + sizeof(int);

    private readonly byte[] _buffer = new byte[MaxTextBytes + 1];

    /// <summary>Two ends. The second is for a child process to inherit.</summary>
    public static (HolderSocket Near, FileDescriptor Far) Pair()
    {
        int* pair = stackalloc int[2];
        var outcome = Libc.Outcome(Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair));
        return outcome == Errno.Success
            ? (new HolderSocket(new FileDescriptor(pair[0])), new FileDescriptor(pair[1]))
            : throw new IOException($"a pair of sockets: {outcome.Message()}");
    }

    /// <returns>False when the other end is gone.</returns>
    public bool Send(HolderMessageKind kind, string text = "", FileDescriptor? descriptor = null)
    {
        var bytes = new byte[1 + Encoding.UTF8.GetByteCount(text)];
        bytes[0] = (byte)kind;
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(1));
        var length = Math.Min(bytes.Length, MaxTextBytes);
        var control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        fixed (byte* start = bytes)
        {
            IoVector part = new(start, (nuint)length);
            MessageHeader message = new() { msg_iov = &part, msg_iovlen = 1 };
            if (descriptor is not null)
            {
                *(ControlMessageHeader*)control = new ControlMessageHeader
                {
                    cmsg_len = DescriptorMessageBytes,
                    cmsg_level = Libc.SOL_SOCKET,
                    cmsg_type = Libc.SCM_RIGHTS,
                };
                *(int*)(control + ControlMessageHeader.SizeBytes) = descriptor.DangerousNumber;
                message.msg_control = control;
                message.msg_controllen = ControlBytes;
            }

            nint sent;
            do
            {
                sent = Libc.sendmsg(socket.DangerousNumber, &message, Libc.MSG_NOSIGNAL);
            }
            while (sent < 0 && Libc.LastError == Errno.EINTR);

            return sent == length;
        }
    }

    /// <summary>Waits for a message.</summary>
    /// <param name="timeout">How long; infinite where it is not given.</param>
    /// <returns>Null: the other end is gone, or the time is over.</returns>
    public HolderMessage? Receive(TimeSpan? timeout = null)
    {
        if (timeout is { } patience && !WaitUntilReadable(patience))
        {
            return null;
        }

        var control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        fixed (byte* start = _buffer)
        {
            IoVector part = new(start, (nuint)_buffer.Length);
            MessageHeader message = new() { msg_iov = &part, msg_iovlen = 1, msg_control = control, msg_controllen = ControlBytes };
            nint received;
            do
            {
                received = Libc.recvmsg(socket.DangerousNumber, &message, Libc.MSG_CMSG_CLOEXEC);
            }
            while (received < 0 && Libc.LastError == Errno.EINTR);

            if (received <= 0)
            {
                return null;
            }

            var header = (ControlMessageHeader*)control;
            var hasDescriptor = header->cmsg_level == Libc.SOL_SOCKET && header->cmsg_type == Libc.SCM_RIGHTS && header->cmsg_len >= DescriptorMessageBytes;
            var descriptor = hasDescriptor ? new FileDescriptor(*(int*)(control + ControlMessageHeader.SizeBytes)) : null;
            return new HolderMessage((HolderMessageKind)_buffer[0], Encoding.UTF8.GetString(_buffer, 1, (int)received - 1), descriptor);
        }
    }

    public void Dispose() => socket.Dispose();

    private bool WaitUntilReadable(TimeSpan patience)
    {
        var deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            PollDescriptor polled = new() { fd = socket.DangerousNumber, events = Libc.POLLIN };
            var ready = Libc.poll(&polled, 1, (int)Math.Max(0, deadline - Environment.TickCount64));
            if (ready >= 0 || Libc.LastError != Errno.EINTR)
            {
                return ready > 0;
            }
        }
    }
}

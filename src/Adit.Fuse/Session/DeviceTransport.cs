using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Session;

/// <summary>The classic channel: read(2), and write(2) or writev(2), on a descriptor of /dev/fuse. No call suppresses the transition to the
/// collector's preemptive mode: all block. They go past the C library's wrappers, which prepare for the cancellation of threads
/// at each call.</summary>
internal sealed unsafe class DeviceTransport(FileDescriptor device) : ITransport
{
    private readonly int _number = device.DangerousNumber;

    public Errno Receive(byte* buffer, int capacityBytes, out byte* request, out int lengthBytes)
    {
        request = buffer;
        nint length = Libc.UncancelledRead(_number, buffer, (nuint)capacityBytes);
        lengthBytes = (int)length;
        return length >= 0 ? Errno.Success : Libc.LastError;
    }

    public bool HasRequest
    {
        get
        {
            PollDescriptor polled = new() { fd = _number, events = Libc.POLLIN };
            return Libc.poll(&polled, 1, 0) > 0 && (polled.revents & Libc.POLLIN) != 0;
        }
    }

    public Errno Send(IoVector* parts, int partCount) => Libc.Outcome(partCount == 1
        ? Libc.UncancelledWrite(_number, parts->Start, parts->LengthBytes)
        : Libc.UncancelledWrite(_number, parts, partCount));

    public void Dispose() => device.Dispose();
}

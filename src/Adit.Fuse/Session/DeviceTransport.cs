using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Session;

/// <summary>The classic channel: read(2) and writev(2) on a descriptor of /dev/fuse. Neither call suppresses the
/// transition to the collector's preemptive mode: both block.</summary>
internal sealed unsafe class DeviceTransport(FileDescriptor device) : ITransport
{
    private readonly int _number = device.DangerousNumber;

    public Errno Receive(byte* buffer, int capacityBytes, out int lengthBytes)
    {
        nint length = Libc.read(_number, buffer, (nuint)capacityBytes);
        lengthBytes = (int)length;
        return length >= 0 ? Errno.Success : Libc.LastError;
    }

    public Errno Send(IoVector* parts, int partCount) => Libc.Outcome(Libc.writev(_number, parts, partCount));

    public void Dispose() => device.Dispose();
}

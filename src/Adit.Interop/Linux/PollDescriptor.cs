using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary><c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollDescriptor
{
    public int fd;
    public short events;
    public short revents;
}

using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary><c>struct mount_attr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MountAttributes
{
    public const int SizeBytes = 32;

    public ulong attr_set;
    public ulong attr_clr;
    public ulong propagation;
    public ulong userns_fd;
}

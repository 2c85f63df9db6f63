using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary><c>struct cmsghdr</c> of 64-bit Linux, followed by its data at <see cref="SizeBytes"/>.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct ControlMessageHeader
{
    public const int SizeBytes = 16;

    /// <summary>With this header and the data, without the padding behind it.</summary>
    [FieldOffset(0)] public nuint cmsg_len;

    [FieldOffset(8)] public int cmsg_level;
    [FieldOffset(12)] public int cmsg_type;
}

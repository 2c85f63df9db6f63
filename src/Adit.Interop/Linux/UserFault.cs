using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary>What of <c>linux/userfaultfd.h</c> is used: asynchronous write protection. A store to a protected page
/// lifts the protection in the kernel and goes on; <see cref="PagemapScan"/> tells later which pages those were.</summary>
public static class UserFault
{
    /// <summary>Faults raised inside system calls are not handed to user space. That takes no privilege, and it takes
    /// nothing away from asynchronous write protection, which hands over no fault at all.</summary>
    public const int UFFD_USER_MODE_ONLY = 1;

    public const ulong UFFD_API = 0xAA;

    /// <summary>Protection of pages that are not there yet.</summary>
    public const ulong UFFD_FEATURE_WP_UNPOPULATED = 1 << 13;

    /// <summary>The kernel lifts the protection by itself; memory of every kind can be registered. Linux 6.7.</summary>
    public const ulong UFFD_FEATURE_WP_ASYNC = 1 << 15;

    public const ulong UFFDIO_REGISTER_MODE_WP = 2;

    public const uint UFFDIO_API = 0xC018AA3F;
    public const uint UFFDIO_REGISTER = 0xC020AA00;
    public const uint UFFDIO_UNREGISTER = 0x8010AA01;

    /// <summary>Opens a userfaultfd from <c>/dev/userfaultfd</c>, for those whom its file mode lets.</summary>
    public const uint USERFAULTFD_IOC_NEW = 0xAA00;
}

/// <summary><c>struct uffdio_api</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct UserFaultApi
{
    [FieldOffset(0)] public ulong api;
    [FieldOffset(8)] public ulong features;
    [FieldOffset(16)] public ulong ioctls;
}

/// <summary><c>struct uffdio_register</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct UserFaultRegistration
{
    [FieldOffset(0)] public ulong range_start;
    [FieldOffset(8)] public ulong range_len;
    [FieldOffset(16)] public ulong mode;
    [FieldOffset(24)] public ulong ioctls;
}

/// <summary><c>struct uffdio_range</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct UserFaultRange
{
    [FieldOffset(0)] public ulong start;
    [FieldOffset(8)] public ulong len;
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Adit.Interop.Linux;

/// <summary>An open file descriptor, closed when disposed. Always opened close-on-exec, so that no child process
/// keeps a volume's lock.</summary>
/// <remarks>An error of close(2) is not reported: nothing here relies on close for durability.</remarks>
public sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>An empty handle for the marshaller to fill.</summary>
    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    public FileDescriptor(int number, bool ownsHandle = true)
        : base(ownsHandle) => SetHandle(number);

    /// <summary>The bare number, for calls made many times a second. The caller keeps this object alive and open
    /// for as long as it uses the number.</summary>
    public int DangerousNumber => (int)handle;

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}

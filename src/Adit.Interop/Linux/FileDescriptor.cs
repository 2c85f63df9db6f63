using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <summary>An open file descriptor, closed when disposed. Always opened close-on-exec, so that no child process
/// keeps a volume's lock.</summary>
/// <remarks>An error of close(2) is not reported: nothing here relies on close for durability.</remarks>
public sealed class FileDescriptor : SafeHandle
{
    /// <summary>An empty handle for the marshaller to fill.</summary>
    public FileDescriptor()
        : base(-1, ownsHandle: true)
    {
    }

    public FileDescriptor(int number, bool ownsHandle = true)
        : base(-1, ownsHandle) => SetHandle(number);

    /// <inheritdoc/>
    /// <remarks>C functions return an int, which the marshaller reads as a register: only its low half means anything.</remarks>
    public override bool IsInvalid => (int)handle < 0;

    /// <summary>The bare number, for calls made many times a second. The caller keeps this object alive and open
    /// for as long as it uses the number.</summary>
    public int DangerousNumber => (int)handle;

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}

using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Bench.Mounts;

/// <summary>What a client does to one file system, by system calls.</summary>
internal abstract unsafe class MountBody(MountTarget target) : BenchBody, IDisposable
{
    protected MountTarget Target { get; } = target;

    public virtual void Dispose()
    {
    }

    /// <exception cref="InvalidOperationException">A call failed: the bench cannot go on.</exception>
    protected void Check(bool isDone, string call)
    {
        if (!isDone)
        {
            throw new InvalidOperationException($"{call} on {Target.Name}: {(Errno)Marshal.GetLastPInvokeError()}");
        }
    }

    protected FileDescriptor OpenData()
    {
        var file = Libc.open(Target.File, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC | (Target.IsDirect ? OpenFlags.O_DIRECT : 0), 0);
        Check(!file.IsInvalid, "open");
        return file;
    }
}

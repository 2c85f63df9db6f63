using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>XFS_IOC_GOINGDOWN, as the tools of crash tests call it on a directory: the file system stops as if the power had failed, and every
/// request after it is EIO until the volume is opened anew.</summary>
internal static unsafe class ShutdownHandlers
{
    public const uint GoDown = 0x8004_587D;

    /// <summary>Nothing is written any more; else everything is made durable first.</summary>
    private const uint WithoutFlush = 2;

    public static Errno ShutDown(ref Call call, in IoCtlIn control)
    {
        // Where the kernel does not say who asks, nobody may: it passes this one on from any caller.
        if (call.Header.UserId != 0)
        {
            return Errno.EPERM;
        }

        if (call.Nodes is not IStoppableNodes nodes || call.Options.ReadOnly)
        {
            return call.Options.ReadOnly ? Errno.EROFS : Errno.ENOTTY;
        }

        Errno outcome = ReadFlag(call.Header.ProcessId, control.Argument, out uint flag);
        if (outcome != Errno.Success || flag > WithoutFlush)
        {
            return outcome != Errno.Success ? outcome : Errno.EINVAL;
        }

        outcome = nodes.ShutDown(makesDurable: flag != WithoutFlush);
        if (outcome == Errno.Success)
        {
            call.Session.ShutDown();
            call.Reply.Append<IoCtlOut>();
        }

        return outcome;
    }

    /// <summary>The kernel takes the number for one that returns something and passes nothing in: the word is read from the caller's memory.</summary>
    private static Errno ReadFlag(uint processId, ulong address, out uint flag)
    {
        uint word = 0;
        IoVector local = new(&word, sizeof(uint));
        IoVector remote = new((void*)address, sizeof(uint));
        nint read = Libc.process_vm_readv((int)processId, &local, 1, &remote, 1, 0);
        flag = word;
        return read == sizeof(uint) ? Errno.Success : read >= 0 ? Errno.EFAULT : Libc.LastError;
    }
}

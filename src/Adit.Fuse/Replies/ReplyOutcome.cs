using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;

namespace Adit.Fuse.Replies;

/// <summary>What it means when a reply could not be sent.</summary>
internal static class ReplyOutcome
{
    public static void Report(FuseSession session, Opcode opcode, Errno sent)
    {
        switch (sent)
        {
            case Errno.Success:
            // The client was killed, or the mount is gone: nobody waits.
            case Errno.ENOENT:
            case Errno.ENODEV:
            case Errno.ENOTCONN:
            case Errno.ECONNABORTED:
            case Errno.EPERM:
                return;
            case Errno.EFAULT:
                session.Log(FuseLogLevel.Error, $"the medium behind a reply to {opcode} cannot be read: the client got EIO");
                return;
            default:
                session.Log(FuseLogLevel.Error, $"a reply to {opcode} could not be sent: {sent.Message()}");
                return;
        }
    }
}

using Adit.Fuse.Handles;
using Adit.Fuse.Options;
using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>copy_file_range(2): copied inside the server, through the reply buffer, so that no byte crosses into the
/// client. One request copies a bounded part; the client asks again for the rest, so it can be interrupted.</summary>
internal static class CopyHandlers
{
    private const long MaxBytesPerRequest = 64L << 20;

    public static Errno CopyFileRange(ref Call call)
    {
        Errno outcome = Copy(ref call, out long copiedBytes);
        if (outcome == Errno.Success)
        {
            call.Reply.Append<WriteOut>().Size = (uint)copiedBytes;
        }

        return outcome;
    }

    public static Errno CopyFileRange64(ref Call call)
    {
        Errno outcome = Copy(ref call, out long copiedBytes);
        if (outcome == Errno.Success)
        {
            call.Reply.Append<CopyFileRangeOut>().BytesCopied = (ulong)copiedBytes;
        }

        return outcome;
    }

    private static Errno Copy(ref Call call, out long copiedBytes)
    {
        copiedBytes = 0;
        if (!call.Arguments.TryRead(out CopyFileRangeIn copy) || copy.Flags != 0
            || copy.OffsetIn > long.MaxValue || copy.OffsetOut > long.MaxValue)
        {
            return Errno.EINVAL;
        }

        if (!call.Session.Handles.TryGet(copy.HandleIn, out OpenHandle source)
            || !call.Session.Handles.TryGet(copy.HandleOut, out OpenHandle target) || !OpenRequestFlags.Writes(target.Flags))
        {
            return Errno.EBADF;
        }

        long lengthBytes = (long)Math.Min(copy.Length, (ulong)MaxBytesPerRequest);
        ulong distance = copy.OffsetIn > copy.OffsetOut ? copy.OffsetIn - copy.OffsetOut : copy.OffsetOut - copy.OffsetIn;
        if (source.File.Inode == target.File.Inode && distance < (ulong)lengthBytes)
        {
            return Errno.EINVAL;
        }

        if (Math.Max(copy.OffsetIn, copy.OffsetOut) + (ulong)lengthBytes > long.MaxValue)
        {
            return Errno.EFBIG;
        }

        Errno outcome = SpaceHandlers.DropPrivileges(ref call, target.File);
        Span<byte> buffer = call.Reply.Free(MountOptions.MaxTransferBytes);
        while (outcome == Errno.Success && copiedBytes < lengthBytes && !call.Channel.IsInterrupted)
        {
            int wanted = (int)Math.Min(buffer.Length, lengthBytes - copiedBytes);
            outcome = source.File.Read((long)copy.OffsetIn + copiedBytes, buffer[..wanted], out int readBytes);
            if (outcome != Errno.Success || readBytes == 0)
            {
                break;
            }

            outcome = target.File.Write((long)copy.OffsetOut + copiedBytes, buffer[..readBytes], out int writtenBytes);
            copiedBytes += writtenBytes;
        }

        // Reading may have moved the source's access time, which the reply does not say.
        if (copiedBytes > 0)
        {
            call.Session.Notifier.InvalidateAttributesOfOpen(source.File.Inode);
        }

        if (copiedBytes == 0 && call.Channel.IsInterrupted)
        {
            return Errno.EINTR;
        }

        // What was copied before an error counts; the next request meets the error again.
        return copiedBytes > 0 ? Errno.Success : outcome;
    }
}

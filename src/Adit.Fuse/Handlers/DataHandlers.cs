using Adit.Format;
using Adit.Fuse.Access;
using Adit.Fuse.Handles;
using Adit.Fuse.Replies;
using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Succession;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>Reading and writing: straight from and to the medium, one copy each.</summary>
internal static class DataHandlers
{
    public static Errno Read(ref Call call)
    {
        if (!call.Arguments.TryRead(out ReadIn read) || read.Offset > long.MaxValue - (ulong)read.Size)
        {
            return Errno.EINVAL;
        }

        if (!call.Session.Handles.TryGet(read.Handle, out OpenHandle opened))
        {
            return Errno.EBADF;
        }

        if (read.Size > (uint)call.Channel.ReplyCapacityBytes)
        {
            return Errno.EINVAL;
        }

        MarkCached(call.Session, read.Handle, opened.File.Inode);
        ReaderChannel channel = call.Channel;
        Errno outcome = opened.File.BeginDirectRead((long)read.Offset, (int)read.Size, channel.Segments, out int segmentCount, out int lengthBytes);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        bool isWhole;
        try
        {
            // Fewer bytes than asked mean the end of the file to the client, unless the segments did not suffice.
            isWhole = lengthBytes == (int)read.Size || segmentCount < ReaderChannel.MaxSegments;
            if (isWhole)
            {
                call.Session.Pages?.Ensure(channel.Segments[..segmentCount]);
                call.IsAnswered = true;
                Errno sent = channel.SendSegments(call.Header.Unique, segmentCount, lengthBytes);
                if (sent == Errno.EINVAL)
                {
                    call.IsAnswered = false;
                    return Errno.EIO;
                }

                ReplyOutcome.Report(call.Session, Opcode.Read, sent);
            }
        }
        finally
        {
            opened.File.EndDirectRead();
        }

        return isWhole ? Errno.Success : ReadCopying(ref call, opened.File, read);
    }

    public static Errno Write(ref Call call)
    {
        if (!call.Arguments.TryRead(out WriteIn write) || write.Offset > long.MaxValue - (ulong)write.Size
            || !call.Arguments.TryReadBytes(write.Size, out ReadOnlySpan<byte> data))
        {
            return Errno.EINVAL;
        }

        if (!call.Session.Handles.TryGet(write.Handle, out OpenHandle opened))
        {
            return Errno.EBADF;
        }

        if (!OpenRequestFlags.Writes(opened.Flags))
        {
            return Errno.EBADF;
        }

        MarkCached(call.Session, write.Handle, opened.File.Inode);
        bool alsoSetIds = (write.WriteFlags & WriteIn.KillSetIds) != 0;
        Errno outcome = Privileges.DropForWrite(ref call, write.Handle, opened, alsoSetIds);
        if (outcome != Errno.Success)
        {
            return outcome;
        }

        bool isFromCache = (write.WriteFlags & WriteIn.FromCache) != 0;
        int writtenBytes;
        if ((write.Flags & OpenRequestFlags.Append) != 0 && !isFromCache)
        {
            outcome = Append(ref call, opened.File, data, out writtenBytes);
        }
        else
        {
            outcome = opened.File.Write((long)write.Offset, data, out writtenBytes);
        }

        call.Session.Handles.MarkWritten(write.Handle);
        // Where the kernel waits for an O_DIRECT write as for an asynchronous one, it calls a short count EIO: it hears what ended the write instead.
        if (outcome != Errno.Success && (writtenBytes == 0 || (write.Flags & OpenRequestFlags.Direct) != 0))
        {
            return outcome;
        }

        outcome = MakeDurable(opened, write.Flags, isFromCache);
        call.Reply.Append<WriteOut>().Size = (uint)writtenBytes;
        return outcome;
    }

    /// <summary>The end is where it is now, not where the kernel last knew it. Of an append that another server had begun it is where that had found it.</summary>
    private static unsafe Errno Append(ref Call call, IOpenFile file, ReadOnlySpan<byte> data, out int writtenBytes)
    {
        ChannelArea* area = call.Channel.Area;
        if (call.IsDone)
        {
            return file.Write(area->AppendOffset, data, out writtenBytes);
        }

        call.Channel.Arm();
        Errno outcome = file.Append(data, out area->AppendOffset, out writtenBytes);
        call.Channel.Disarm();
        return outcome;
    }

    /// <summary>The bytes may be for the page cache, or in it already: a read for a mapping looks like any other. Done once, until something is changed
    /// beside the mount.</summary>
    private static void MarkCached(FuseSession session, ulong handle, InodeNumber inode)
    {
        int epoch = session.Changes.DataEpoch;
        if (!session.Handles.IsMarkedCached(handle, epoch))
        {
            session.Lookups.Mark(inode, KernelCache.Data);
            session.Handles.MarkCached(handle, epoch);
        }
    }

    private static Errno ReadCopying(ref Call call, IOpenFile file, in ReadIn read)
    {
        Errno outcome = file.Read((long)read.Offset, call.Reply.Free((int)read.Size), out int readBytes);
        call.Reply.Advance(readBytes);
        return outcome;
    }

    /// <summary>A write may ask for more than its file was opened for (RWF_DSYNC, fcntl).</summary>
    private static Errno MakeDurable(in OpenHandle opened, uint writeFlags, bool isFromCache)
    {
        OpenIntent asked = isFromCache ? 0 : OpenRequestFlags.ToDurability(writeFlags);
        OpenIntent given = OpenRequestFlags.ToDurability(opened.Flags);
        return (asked & ~given) == 0 ? Errno.Success : opened.File.Sync((asked & OpenIntent.Sync) != OpenIntent.Sync);
    }
}

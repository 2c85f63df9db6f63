using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Fakes;

/// <summary>An open file of <see cref="MemoryNodes"/>.</summary>
internal sealed unsafe class MemoryFile(MemoryNodes owner, MemoryNode node) : IOpenFile
{
    private bool _isClosed;

    public InodeNumber Inode => node.Attributes.Inode;

    public NodeAttributes Attributes => node.Attributes;

    public Errno Read(long offsetBytes, Span<byte> destination, out int readBytes)
    {
        using (owner.Hold())
        {
            readBytes = (int)Math.Clamp(node.Attributes.SizeBytes - offsetBytes, 0, destination.Length);
            if (readBytes > 0)
            {
                new Span<byte>(node.Data + offsetBytes, readBytes).CopyTo(destination);
            }

            return Errno.Success;
        }
    }

    public Errno BeginDirectRead(long offsetBytes, int wantedBytes, Span<MediumSegment> segments, out int segmentCount, out int lengthBytes)
    {
        segmentCount = 0;
        lengthBytes = 0;
        if (owner.DirectReadOutcome != Errno.Success)
        {
            return owner.DirectReadOutcome;
        }

        owner.Enter();
        int whole = (int)Math.Clamp(node.Attributes.SizeBytes - offsetBytes, 0, wantedBytes);
        while (lengthBytes < whole && segmentCount < segments.Length)
        {
            int piece = Math.Min(owner.SegmentBytes, whole - lengthBytes);
            segments[segmentCount++] = new MediumSegment(node.Data + offsetBytes + lengthBytes, piece);
            lengthBytes += piece;
        }

        return Errno.Success;
    }

    public void EndDirectRead() => owner.Exit();

    public Errno Write(long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        using (owner.Hold())
        {
            return owner.WriteTo(node, offsetBytes, source, out writtenBytes);
        }
    }

    public Errno Append(ReadOnlySpan<byte> source, out long offsetBytes, out int writtenBytes)
    {
        using (owner.Hold())
        {
            offsetBytes = node.Attributes.SizeBytes;
            return owner.WriteTo(node, offsetBytes, source, out writtenBytes);
        }
    }

    public Errno SetLength(long lengthBytes, ChangeOptions options = default)
    {
        using (owner.Hold())
        {
            node.SetLength(lengthBytes);
            return Errno.Success;
        }
    }

    public Errno Allocate(AllocateMode mode, long offsetBytes, long lengthBytes, ChangeOptions options = default)
    {
        using (owner.Hold())
        {
            if (offsetBytes + lengthBytes > owner.MaxFileBytes)
            {
                return Errno.ENOSPC;
            }

            if ((mode & (AllocateMode.PunchHole | AllocateMode.ZeroRange)) != 0)
            {
                long end = Math.Min(offsetBytes + lengthBytes, node.Attributes.SizeBytes);
                if (end > offsetBytes)
                {
                    new Span<byte>(node.Data + offsetBytes, (int)(end - offsetBytes)).Clear();
                }
            }

            if ((mode & AllocateMode.KeepSize) == 0 && offsetBytes + lengthBytes > node.Attributes.SizeBytes)
            {
                node.SetLength(offsetBytes + lengthBytes);
            }

            return Errno.Success;
        }
    }

    public Errno Seek(long offsetBytes, SeekTarget target, out long foundBytes)
    {
        using (owner.Hold())
        {
            foundBytes = target == SeekTarget.Data ? offsetBytes : node.Attributes.SizeBytes;
            return offsetBytes < node.Attributes.SizeBytes ? Errno.Success : Errno.ENXIO;
        }
    }

    public Errno Sync(bool dataOnly)
    {
        owner.SyncCount++;
        return Errno.Success;
    }

    public void Dispose()
    {
        using (owner.Hold())
        {
            if (!_isClosed)
            {
                _isClosed = true;
                node.OpenCount--;
                owner.DropIfUnused(node);
            }
        }
    }
}

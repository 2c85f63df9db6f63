using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Fakes;

/// <summary>A kernel made of queues: requests are put in as bytes, replies come out as bytes.</summary>
internal sealed unsafe class RecordingTransport : ITransport
{
    private readonly BlockingCollection<byte[]> _requests = [];

    public ConcurrentQueue<byte[]> Replies { get; } = [];

    /// <summary>What the next sends answer, in order.</summary>
    public ConcurrentQueue<Errno> SendOutcomes { get; } = [];

    /// <summary>False: replies are counted only, so that sending allocates nothing.</summary>
    public bool KeepsReplies { get; set; } = true;

    public long ReplyCount { get; private set; }

    /// <summary>How the last reply began, whether or not it was kept.</summary>
    public byte[] LastReply { get; } = new byte[512];

    public bool IsDisposed { get; private set; }

    public void Put(byte[] request) => _requests.Add(request);

    /// <summary>The end of the connection: readers get ENODEV.</summary>
    public void End() => _requests.CompleteAdding();

    public Errno Receive(byte* buffer, int capacityBytes, out byte* request, out int lengthBytes)
    {
        request = buffer;
        lengthBytes = 0;
        if (!_requests.TryTake(out byte[]? next, Timeout.Infinite))
        {
            return Errno.ENODEV;
        }

        next.CopyTo(new Span<byte>(buffer, capacityBytes));
        lengthBytes = next.Length;
        return Errno.Success;
    }

    public bool HasRequest => _requests.Count != 0;

    /// <summary>Called with each reply and notification, before it is sent.</summary>
    public Action? Sending { get; set; }

    public Errno Send(IoVector* parts, int partCount)
    {
        Sending?.Invoke();
        if (SendOutcomes.TryDequeue(out Errno outcome) && outcome != Errno.Success)
        {
            return outcome;
        }

        ReplyCount++;
        int known = 0;
        for (int index = 0; index < partCount && known < LastReply.Length; index++)
        {
            int size = (int)Math.Min(parts[index].LengthBytes, (ulong)(LastReply.Length - known));
            new Span<byte>(parts[index].Start, size).CopyTo(LastReply.AsSpan(known));
            known += size;
        }

        if (KeepsReplies)
        {
            long length = 0;
            for (int index = 0; index < partCount; index++)
            {
                length += (long)parts[index].LengthBytes;
            }

            byte[] reply = new byte[length];
            Span<byte> rest = reply;
            for (int index = 0; index < partCount; index++)
            {
                int size = (int)parts[index].LengthBytes;
                new Span<byte>(parts[index].Start, size).CopyTo(rest);
                rest = rest[size..];
            }

            if (MemoryMarshal.Read<OutHeader>(reply).Length != length)
            {
                // As the kernel does with a frame that lies about its length.
                return Errno.EINVAL;
            }

            Replies.Enqueue(reply);
        }

        return Errno.Success;
    }

    public void Dispose() => IsDisposed = true;
}

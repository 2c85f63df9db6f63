using System.Net;
using System.Net.Sockets;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Interop;

namespace Adit.Tutorial;

/// <summary>Sends a file through a socket and receives it into another: the kernel copies from the medium and to the medium, and nothing lies
/// between.</summary>
public static class PinnedSocket
{
    private const int Bytes = 1 << 20;

    public static void Run(string pool, TextWriter output)
    {
        using Volume volume = Volume.Open(pool);
        using AditFile from = volume.OpenFile("/from", FileMode.Create);
        using AditFile to = volume.OpenFile("/to", FileMode.Create);
        byte[] content = new byte[Bytes];
        Random.Shared.NextBytes(content);
        from.Write(0, content);
        to.SetLength(Bytes);

        LeaseOptions lease = new() { Purpose = "a socket" };
        using LongPin source = from.PinLong(0, Bytes, PinAccess.Read, lease);
        using LongPin target = to.PinLong(0, Bytes, PinAccess.Write, lease);
        Transfer(source, target);
        if (target.Flush(0, Bytes) != Errno.Success)
        {
            throw new IOException("What was received could not be made durable.");
        }

        byte[] received = new byte[Bytes];
        to.Read(0, received);
        output.WriteLine(received.AsSpan().SequenceEqual(content) ? "received what was sent" : "received something else");
    }

    private static void Transfer(LongPin source, LongPin target)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket sender = new(SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(listener.LocalEndpoint);
        using Socket receiver = listener.AcceptSocket();
        Task sending = Task.Run(() =>
        {
            try
            {
                for (int i = 0; i < source.SegmentCount; i++)
                {
                    for (ReadOnlyMemory<byte> rest = source.ReadSegment(i); !rest.IsEmpty;)
                    {
                        rest = rest[sender.Send(rest.Span)..];
                    }
                }
            }
            finally
            {
                // Whoever receives waits for no more than was sent.
                sender.Shutdown(SocketShutdown.Send);
            }
        });
        for (int i = 0; i < target.SegmentCount; i++)
        {
            for (Memory<byte> rest = target.WriteSegment(i); !rest.IsEmpty;)
            {
                int count = receiver.Receive(rest.Span);
                rest = count > 0 ? rest[count..] : throw new EndOfStreamException("Less was received than the file has.");
            }
        }

        sending.Wait();
    }
}

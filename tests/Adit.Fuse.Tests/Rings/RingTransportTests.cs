using System.Reflection;
using System.Runtime.InteropServices;
using Adit.Fuse.Options;
using Adit.Fuse.Session.Rings;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Rings;

/// <summary>One entry over a device that takes every command at once (<c>/dev/null</c>), with the requests of a kernel that the test plays: also those
/// that none sends.</summary>
public sealed unsafe class RingTransportTests
{
    private const ulong Unique = 77;

    [RingFact]
    public void Request_lies_in_one_piece_and_its_reply_where_it_came_from()
    {
        using Entry entry = new("/dev/null");
        entry.Ask(firstBytes: 16, payload: [21, 22, 23, 24, 25]);

        Errno received = entry.Transport.Receive(entry.Buffer, entry.Capacity, out byte* request, out int lengthBytes);

        Assert.Equal(Errno.Success, received);
        Assert.True(entry.Transport.IsRegistered);
        Assert.Equal(sizeof(InHeader) + 16 + 5, lengthBytes);
        Assert.Equal(Unique, ((InHeader*)request)->Unique);
        byte[] expected = [.. Enumerable.Range(1, 16).Select(number => (byte)number), 21, 22, 23, 24, 25];
        Assert.Equal(expected, new ReadOnlySpan<byte>(request + sizeof(InHeader), 21).ToArray());

        Assert.Equal(Errno.Success, entry.Reply(Unique, [1, 2], [3, 4, 5]));
        Assert.Equal((Errno.Success, Unique, sizeof(OutHeader) + 5), entry.Answer);
        Assert.Equal(5u, entry.Headers->Entry.PayloadBytes);
        Assert.Equal([1, 2, 3, 4, 5], new ReadOnlySpan<byte>(entry.Payload, 5).ToArray());
    }

    [RingFact]
    public void Reply_to_another_request_or_a_second_one_changes_nothing()
    {
        using Entry entry = new("/dev/null");
        Assert.Equal(Errno.ENOENT, entry.Reply(Unique, [1], []));
        entry.Ask(firstBytes: 16, payload: [21]);
        Assert.Equal(Errno.Success, entry.Receive());

        Assert.Equal(Errno.ENOENT, entry.Reply(Unique + 1, [1], []));
        Assert.Equal(21, entry.Payload[0]);
        Assert.Equal(Errno.Success, entry.Reply(Unique, [2], []));
        Assert.Equal(Errno.ENOENT, entry.Reply(Unique, [3, 3], []));
        Assert.Equal((Errno.Success, Unique, sizeof(OutHeader) + 1), entry.Answer);
        Assert.Equal(2, entry.Payload[0]);
    }

    [RingFact]
    public void Request_that_nobody_answered_gets_an_error_when_the_next_is_asked_for()
    {
        using Entry entry = new("/dev/null");
        entry.Ask(firstBytes: 16, payload: [21]);
        Assert.Equal(Errno.Success, entry.Receive());

        Assert.Equal(Errno.Success, entry.Receive());
        Assert.Equal((Errno.EIO, Unique, sizeof(OutHeader)), entry.Answer);
        Assert.Equal(0u, entry.Headers->Entry.PayloadBytes);
    }

    [RingTheory]
    [InlineData(-1, 0)]
    [InlineData(RingHeaders.OpInBytes + 1, 0)]
    [InlineData(16, int.MaxValue)]
    public void Request_whose_lengths_cannot_be_is_not_taken_and_gets_an_error(int firstBytes, int payloadBytes)
    {
        using Entry entry = new("/dev/null");
        entry.Ask(firstBytes, []);
        entry.Headers->Entry.PayloadBytes = (uint)payloadBytes;
        ((InHeader*)entry.Headers->InOut)->Length += (uint)payloadBytes;

        Assert.Equal(Errno.Success, entry.Transport.Receive(entry.Buffer, entry.Capacity, out _, out int lengthBytes));
        Assert.Equal(0, lengthBytes);
        Assert.Equal(Errno.Success, entry.Receive());
        Assert.Equal((Errno.EIO, Unique, sizeof(OutHeader)), entry.Answer);
    }

    [RingFact]
    public void Reply_from_memory_that_cannot_be_read_is_an_error_and_not_the_end()
    {
        using Entry entry = new("/dev/null");
        entry.Ask(firstBytes: 16, payload: []);
        Assert.Equal(Errno.Success, entry.Receive());

        Assert.Equal(Errno.EFAULT, entry.Reply(Unique, [], new IoVector((void*)4096, 100)));
        Assert.Equal((Errno.EIO, Unique, sizeof(OutHeader)), entry.Answer);
        Assert.Equal(Errno.ENOENT, entry.Reply(Unique, [1], []));
    }

    [RingFact]
    public void Reply_of_more_than_there_is_room_for_is_refused_and_can_be_given_again()
    {
        using Entry entry = new("/dev/null");
        entry.Ask(firstBytes: 16, payload: []);
        Assert.Equal(Errno.Success, entry.Receive());

        Assert.Equal(Errno.EINVAL, entry.Reply(Unique, [], new IoVector(entry.Buffer, (nuint)entry.Capacity)));
        Assert.Equal(Errno.Success, entry.Reply(Unique, [1], []));
    }

    [RingFact]
    public void Device_that_takes_no_such_command_is_told_and_nothing_is_registered()
    {
        using Entry entry = new("/proc/self/stat");
        Assert.Equal(Errno.ENOTSUP, entry.Receive());
        Assert.False(entry.Transport.IsRegistered);
    }

    /// <summary>A transport, the memory of its reader, and the place where the kernel puts its headers.</summary>
    private sealed class Entry : IDisposable
    {
        private readonly FileDescriptor _device;

        public Entry(string device)
        {
            _device = Libc.open(device, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
            Assert.False(_device.IsInvalid);
            Assert.Equal(Errno.Success, CommandRing.TryCreate(entries: 2, out CommandRing? ring));
            Transport = new RingTransport(ring!, _device.DangerousNumber, queue: 0, isLate: false);
            Capacity = MountOptions.MaxTransferBytes + (4 * 4096);
            Buffer = (byte*)NativeMemory.AllocZeroed((nuint)Capacity);
            Assert.Equal(Errno.Success, Transport.Begin(Buffer));
            object places = typeof(RingTransport).GetField("_places", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(Transport)!;
            IoVector* vectors = (IoVector*)Pointer.Unbox(places);
            Headers = (RingHeaders*)vectors[0].Start;
            Payload = (byte*)vectors[1].Start;
        }

        public RingTransport Transport { get; }

        public byte* Buffer { get; }

        public int Capacity { get; }

        public RingHeaders* Headers { get; }

        public byte* Payload { get; }

        public (Errno Error, ulong Unique, int LengthBytes) Answer
        {
            get
            {
                OutHeader* header = (OutHeader*)Headers->InOut;
                return ((Errno)(-header->Error), header->Unique, (int)header->Length);
            }
        }

        /// <summary>Puts a request where the kernel would, to be found by the next receipt.</summary>
        public void Ask(int firstBytes, ReadOnlySpan<byte> payload)
        {
            *(InHeader*)Headers->InOut = new InHeader { Length = (uint)(sizeof(InHeader) + firstBytes + payload.Length), Unique = Unique };
            for (int index = 0; index < RingHeaders.OpInBytes; index++)
            {
                Headers->OpIn[index] = (byte)(index + 1);
            }

            Headers->Entry = new RingInOut { CommitId = 9, PayloadBytes = (uint)payload.Length };
            payload.CopyTo(new Span<byte>(Payload, payload.Length));
        }

        public Errno Receive() => Transport.Receive(Buffer, Capacity, out _, out _);

        public Errno Reply(ulong unique, ReadOnlySpan<byte> body, ReadOnlySpan<byte> gathered)
        {
            fixed (byte* start = gathered)
            {
                return Reply(unique, body, new IoVector(start, (nuint)gathered.Length));
            }
        }

        public Errno Reply(ulong unique, ReadOnlySpan<byte> body, IoVector gathered)
        {
            byte* own = stackalloc byte[sizeof(OutHeader) + 64];
            *(OutHeader*)own = new OutHeader { Length = (uint)(sizeof(OutHeader) + body.Length + (int)gathered.LengthBytes), Unique = unique };
            body.CopyTo(new Span<byte>(own + sizeof(OutHeader), 64));
            IoVector* parts = stackalloc IoVector[2];
            parts[0] = new IoVector(own, (nuint)(sizeof(OutHeader) + body.Length));
            parts[1] = gathered;
            return Transport.Send(parts, gathered.LengthBytes == 0 ? 1 : 2);
        }

        public void Dispose()
        {
            Transport.Dispose();
            NativeMemory.Free(Buffer);
            _device.Dispose();
        }
    }
}

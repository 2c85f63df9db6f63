using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Interop.Linux;
using Adit.TestKit;
using Microsoft.Win32.SafeHandles;

namespace Adit.Tests.Mappings;

/// <summary>A pinned range as the buffer of other I/O, while a truncation waits for it.</summary>
public sealed class PinBufferTests
{
    private const int Page = 4096;
    private const int Size = 64 * Page;
    private const int PatienceMs = 60_000;

    private static readonly LeaseOptions Lease = new() { Purpose = "other I/O" };

    [Fact(Timeout = PatienceMs)]
    public async Task Socket_sends_from_a_pin_and_receives_into_one_while_truncations_wait()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(new VolumeOptions { LeaseTime = TimeSpan.FromMinutes(1) });
        using AditFile from = volume.OpenFile("/from", FileMode.Create);
        using AditFile to = volume.OpenFile("/to", FileMode.Create);
        byte[] bytes = Bytes.Of(Size, 1);
        from.Write(0, bytes);
        to.SetLength(Size);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket sender = new(SocketType.Stream, ProtocolType.Tcp);
        await sender.ConnectAsync(listener.LocalEndpoint);
        using Socket receiver = await listener.AcceptSocketAsync();
        LongPin source = from.PinLong(0, Size, PinAccess.Read, Lease);
        LongPin target = to.PinLong(0, Size, PinAccess.Write, Lease);
        Task cutSource = from.SetLengthAsync(0);
        Task cutTarget = to.SetLengthAsync(Page);
        Assert.True(SpinWait.SpinUntil(() => source.Lease.Recalled.IsCancellationRequested && target.Lease.Recalled.IsCancellationRequested, PatienceMs / 2));
        Task sending = Send();
        await Receive();
        await sending;
        Assert.False(cutSource.IsCompleted || cutTarget.IsCompleted, "a truncation did not wait");
        Assert.Equal(bytes, Content(target));
        source.Dispose();
        target.Dispose();
        await cutSource;
        await cutTarget;
        Assert.Equal(0, from.Length);
        Assert.True(bytes.AsSpan(0, Page).SequenceEqual(Bytes.ReadAll(volume, "/to")));
        VolumeProof.Check(volume);

        async Task Send()
        {
            for (int i = 0; i < source.SegmentCount; i++)
            {
                for (ReadOnlyMemory<byte> rest = source.ReadSegment(i); !rest.IsEmpty;)
                {
                    rest = rest[await sender.SendAsync(rest)..];
                }
            }
        }

        async Task Receive()
        {
            for (int i = 0; i < target.SegmentCount; i++)
            {
                for (Memory<byte> rest = target.WriteSegment(i); !rest.IsEmpty;)
                {
                    int count = await receiver.ReceiveAsync(rest);
                    Assert.NotEqual(0, count);
                    rest = rest[count..];
                }
            }
        }
    }

    /// <summary>O_DIRECT hands the pinned pages themselves to the block device's driver, so they must be pages of memory, aligned.</summary>
    [Theory]
    [InlineData(VolumeFixture.Memory)]
    [InlineData(VolumeFixture.File)]
    public void File_that_bypasses_the_page_cache_reads_into_a_pin_and_writes_from_one(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(Size, 2);
        file.SetLength(2 * Size);
        string host = TestRoot.MakeName("adit-direct-");
        try
        {
            File.WriteAllBytes(host, bytes);
            using (LongPin pin = file.PinLong(0, Size, PinAccess.Write, Lease))
            using (SafeFileHandle direct = OpenDirect(host))
            {
                ReadAll(direct, pin);
            }

            Assert.Equal(bytes, Bytes.ReadAll(volume, "/a").AsSpan(0, Size));
            file.Write(Size, bytes);
            using (LongPin pin = file.PinLong(Size, Size, PinAccess.Read, Lease))
            using (SafeFileHandle direct = OpenDirect(host))
            {
                WriteAll(direct, pin, Size);
            }

            byte[] written = File.ReadAllBytes(host);
            Assert.Equal(bytes, written.AsSpan(0, Size));
            Assert.Equal(bytes, written.AsSpan(Size));
            file.Flush();
        }
        finally
        {
            File.Delete(host);
        }
    }

    private static SafeFileHandle OpenDirect(string path)
    {
        using FileDescriptor descriptor = Libc.open(path, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC | OpenFlags.O_DIRECT, 0);
        Assert.False(descriptor.IsInvalid, $"inconclusive: {path} cannot be opened with O_DIRECT (error {Marshal.GetLastPInvokeError()}); "
            + "ADIT_TEST_ROOT may name a folder of a file system that can");
        int own = Libc.dup(descriptor.DangerousNumber);
        Assert.True(own >= 0);
        return new SafeFileHandle(own, ownsHandle: true);
    }

    private static void ReadAll(SafeFileHandle handle, LongPin pin)
    {
        long offset = 0;
        for (int i = 0; i < pin.SegmentCount; i++)
        {
            Memory<byte> segment = pin.WriteSegment(i);
            Assert.Equal(segment.Length, RandomAccess.Read(handle, segment.Span, offset));
            offset += segment.Length;
        }
    }

    private static void WriteAll(SafeFileHandle handle, LongPin pin, long offset)
    {
        for (int i = 0; i < pin.SegmentCount; i++)
        {
            RandomAccess.Write(handle, pin.ReadSegment(i).Span, offset);
            offset += pin.ReadSegment(i).Length;
        }
    }

    private static byte[] Content(LongPin pin)
    {
        List<byte> bytes = [];
        for (int i = 0; i < pin.SegmentCount; i++)
        {
            bytes.AddRange(pin.ReadSegment(i).Span);
        }

        return [.. bytes];
    }
}

using System.Buffers;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.TestKit;
using Adit.TestKit.Rings;
using Microsoft.Win32.SafeHandles;

namespace Adit.Tests.Mappings;

/// <summary>A pinned range as the buffer of an io_uring, registered and not, while a truncation waits for it. Where kernel.io_uring_disabled forbids
/// rings these tests fail: set it to 0.</summary>
public sealed class PinRingTests
{
    private const int Page = 4096;
    private const int Size = 16 * Page;
    private const int PatienceMs = 60_000;

    private static readonly LeaseOptions Lease = new() { Purpose = "io_uring" };

    [Theory(Timeout = PatienceMs)]
    [InlineData(RingOperation.Read, RingOperation.Write)]
    [InlineData(RingOperation.ReadFixed, RingOperation.WriteFixed)]
    public async Task Ring_reads_into_a_pin_and_writes_from_it_while_a_truncation_waits(RingOperation read, RingOperation write)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(new VolumeOptions { LeaseTime = TimeSpan.FromMinutes(1) });
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Allocate(0, Size);
        byte[] bytes = Bytes.Of(Size, 3);
        string host = TestRoot.MakeName("adit-ring-");
        try
        {
            await File.WriteAllBytesAsync(host, bytes);
            using SafeFileHandle other = File.OpenHandle(host, FileMode.Open, FileAccess.ReadWrite);
            LongPin pin = file.PinLong(0, Size, PinAccess.Write, Lease);
            Assert.Equal(1, pin.SegmentCount);
            Task cut = file.SetLengthAsync(Page);
            Assert.True(SpinWait.SpinUntil(() => pin.Lease.Recalled.IsCancellationRequested, PatienceMs / 2));
            using (IoRing ring = new())
            using (MemoryHandle buffer = pin.WriteSegment(0).Pin())
            {
                ring.Register(buffer, Size);
                Assert.Equal(Size, Run(ring, read, other, buffer, 0));
                Assert.True(bytes.AsSpan().SequenceEqual(pin.ReadSegment(0).Span));
                pin.WriteSegment(0).Span.Reverse();
                Assert.Equal(Size, Run(ring, write, other, buffer, Size));
                pin.Dispose();
                await Task.Delay(50);
                Assert.False(cut.IsCompleted, "the truncation did not wait for the ring");
            }

            await cut;
            Assert.Equal(bytes.Reverse(), (await File.ReadAllBytesAsync(host)).Skip(Size));
            Assert.Equal(bytes.Reverse().Take(Page), Bytes.ReadAll(volume, "/a"));
            VolumeProof.Check(volume);
        }
        finally
        {
            File.Delete(host);
        }
    }

    private static int Run(IoRing ring, RingOperation operation, SafeFileHandle file, MemoryHandle buffer, long offsetBytes)
    {
        ring.Submit(operation, file, buffer, Size, offsetBytes);
        return ring.Wait();
    }
}

using System.Buffers;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Files;

/// <summary>Several buffers, sources that end early, and callers that await.</summary>
public sealed class TransferTests
{
    private const int Page = 4096;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(700_000)]
    public void Source_that_ends_early_leaves_the_rest_of_the_file_as_it_was(int givenBytes)
    {
        const int Wanted = 1 << 20;
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();

        // Blocks that held something else: nothing of it may show.
        Bytes.WriteAll(volume, "/old", Filled(8 << 20, 0xEE));
        volume.Delete("/old");
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] before = Bytes.Of(300_000, 1);
        file.Write(0, before);
        byte[] given = Bytes.Of(givenBytes, 2);
        Assert.Equal(givenBytes, file.WriteFrom(100, new MemoryStream(given), Wanted));
        byte[] expected = new byte[Math.Max(before.Length, 100 + givenBytes)];
        before.CopyTo(expected, 0);
        given.CopyTo(expected, 100);
        Assert.Equal(expected, Bytes.ReadAll(volume, "/a"));
        file.SetLength(Wanted);
        byte[] rest = new byte[Wanted - expected.Length];
        Assert.Equal(rest.Length, file.Read(expected.Length, rest));
        Assert.Equal(-1, rest.AsSpan().IndexOfAnyExcept((byte)0));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Source_that_fails_leaves_what_it_gave()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] given = Bytes.Of(10_000, 3);
        Assert.Throws<IOException>(() => file.WriteFrom(0, new FailingStream(given), 1 << 20));
        Assert.Equal(given, Bytes.ReadAll(volume, "/a"));
    }

    [Fact]
    public void Write_that_finds_no_space_says_how_far_it_came_and_the_file_ends_there()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, sizeBytes: 32 << 20);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(64 << 20, 4);
        Assert.Equal(Errno.ENOSPC, file.Node.Write(0, bytes, out int writtenBytes));
        Assert.InRange(writtenBytes, 1 << 20, 32 << 20);
        Assert.Equal(writtenBytes, file.Length);
        Assert.True(bytes.AsSpan(0, writtenBytes).SequenceEqual(Bytes.ReadAll(volume, "/a")));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Several_buffers_are_written_and_read_one_after_the_other()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(30_000, 5);
        file.Write(7, Sequence.Of(bytes.AsMemory(0, 5), bytes.AsMemory(5, 0), bytes.AsMemory(5, 20_000), bytes.AsMemory(20_005)));
        byte[] one = new byte[9000];
        byte[] two = new byte[1];
        byte[] three = new byte[40_000];
        Assert.Equal(bytes.Length, file.Read(7, [one, two, three]));
        Assert.Equal(bytes, (byte[])[.. one, .. two, .. three.AsSpan(0, bytes.Length - 9001)]);
    }

    [Fact(Timeout = 60_000)]
    public async Task Awaited_operations_do_what_the_others_do()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create, intent: OpenIntent.Sync);
        byte[] bytes = Bytes.Of(10 * Page, 6);
        await file.WriteAsync(0, bytes);
        byte[] read = new byte[bytes.Length];
        Assert.Equal(bytes.Length, await file.ReadAsync(0, read));
        Assert.Equal(bytes, read);
        await file.FlushAsync();
        await file.AllocateAsync(0, Page, AllocateMode.PunchHole | AllocateMode.KeepSize);
        Assert.Equal(9, file.Attributes.BlockCount);
        await file.SetLengthAsync(2 * Page);
        Assert.Equal(2 * Page, file.Length);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.ReadAsync(0, read, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.WriteAsync(0, read, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => file.SetLengthAsync(0, cancelled.Token));
        Assert.Equal(2 * Page, file.Length);

        using AditFile readOnly = volume.OpenFile("/a", FileMode.Open, FileAccess.Read);
        AditException refusal = await Assert.ThrowsAsync<AditException>(async () => await readOnly.WriteAsync(0, bytes));
        Assert.Equal(Errno.EBADF, refusal.Errno);
    }

    [Fact(Timeout = 60_000)]
    public async Task Awaited_truncation_waits_for_a_pin_without_the_callers_thread_and_can_be_cancelled()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[Page]);
        using CancellationTokenSource cancellation = new();
        using (file.PinLong(0, Page, Dax.Pins.PinAccess.Read, new Dax.Leases.LeaseOptions { Purpose = "test" }))
        {
            Task truncation = file.SetLengthAsync(0, cancellation.Token);
            Assert.True(SpinWait.SpinUntil(() => file.Mapping.ReadStatistics().PinWaits == 1, 30_000));
            Assert.False(truncation.IsCompleted);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => truncation);
            Assert.Equal(Page, file.Length);
        }

        await file.SetLengthAsync(0);
        Assert.Equal(0, file.Length);
    }

    [Fact(Timeout = 60_000)]
    public async Task Stream_is_copied_asynchronously_and_keeps_its_position()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        byte[] bytes = Bytes.Of(1 << 20, 7);
        await using (Stream to = volume.OpenFile("/a", FileMode.Create).AsStream())
        {
            await new MemoryStream(bytes).CopyToAsync(to);
            Assert.Equal(bytes.Length, to.Position);
            await to.FlushAsync();
        }

        MemoryStream copy = new();
        await using (Stream from = volume.OpenFile("/a").AsStream())
        {
            await from.CopyToAsync(copy);
        }

        Assert.Equal(bytes, copy.ToArray());
    }

    [Fact]
    public void Awaited_reads_and_overwrites_are_done_at_once_and_allocate_nothing()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(Page, 8);
        file.Write(0, bytes);
        Exchange(file, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(file, bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Exchange(AditFile file, byte[] bytes)
    {
        for (int i = 0; i < 100; i++)
        {
            ValueTask<int> read = file.ReadAsync(0, bytes);
            ValueTask write = file.WriteAsync(0, bytes);
            if (!read.IsCompletedSuccessfully || !write.IsCompletedSuccessfully || read.Result != Page)
            {
                Assert.Fail("not done at once");
            }
        }
    }

    private static byte[] Filled(int lengthBytes, byte value)
    {
        byte[] bytes = new byte[lengthBytes];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private sealed class FailingStream(byte[] given) : MemoryStream(given)
    {
        public override int Read(Span<byte> buffer) =>
            Position < Length ? base.Read(buffer[..Math.Min(buffer.Length, 3000)]) : throw new IOException("the source failed");
    }

    private sealed class Sequence : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Of(params ReadOnlyMemory<byte>[] parts)
        {
            Sequence first = new() { Memory = parts[0] };
            Sequence last = first;
            foreach (ReadOnlyMemory<byte> part in parts.AsSpan(1))
            {
                Sequence next = new() { Memory = part, RunningIndex = last.RunningIndex + last.Memory.Length };
                last.Next = next;
                last = next;
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}

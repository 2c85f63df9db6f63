using System.Net;
using System.Net.Sockets;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit.Simulation;
using Adit.TestKit.Threads;

namespace Adit.Tests.Mappings;

/// <summary>Defects that other systems had, as steps on the files of a volume; <c>docs/DAX-RECIPES.md</c> says which.</summary>
public sealed class VolumeRecipeTests : IDisposable
{
    private const int Page = 4096;
    private const int Huge = 2 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly LeaseOptions Lease = new() { Purpose = "test" };
    private static readonly ViewOptions Writable = new() { Kind = ViewKind.ReadWrite };
    private static readonly ViewOptions Private = new() { Kind = ViewKind.Private };

    private readonly MemoryMedium _medium = MemoryMedium.CreateShared(64 << 20);
    private readonly Volume _volume;

    public VolumeRecipeTests()
    {
        Volume.Format(_medium, new FormatOptions { Label = "test" });
        _volume = Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true, LeaseTime = TimeSpan.FromMilliseconds(20) });
    }

    [Fact]
    public void Private_views_of_one_chunk_that_are_stored_to_and_read_at_once_keep_apart()
    {
        using AditFile file = Make("/a", Huge, seed: 1, out byte[] bytes);
        Run(4, id =>
        {
            for (int round = 0; round < 40; round++)
            {
                using View view = file.Map(0, Huge, Private);
                int page = ((id * 100) + round) % 512 * Page;
                view.WritableSpan[page] = (byte)(id + 1);
                Assert.Equal(id + 1, view.Span[page]);
                Assert.True(bytes.AsSpan(page + 1, Page - 1).SequenceEqual(view.Slice(page + 1, Page - 1)));
                int other = (page + (7 * Page)) % Huge;
                Assert.True(bytes.AsSpan(other, Page).SequenceEqual(view.Slice(other, Page)));
            }
        });
        AssertHolds(file, bytes);
    }

    [Theory]
    [InlineData(0, Huge)]
    [InlineData(Page, Huge)]
    [InlineData(3 * Page, Huge + (5 * Page))]
    [InlineData(511 * Page, 2 * Page)]
    [InlineData(513 * Page, (2 * Huge) - (600 * Page))]
    [InlineData(5, Huge - 7)]
    [InlineData(Huge - 1, 2)]
    public void View_at_any_offset_of_a_huge_file_is_its_bytes(int offsetBytes, int lengthBytes)
    {
        using AditFile file = Make("/a", 3 * Huge, seed: 2, out byte[] bytes);
        using (View view = file.Map(offsetBytes, lengthBytes, Writable))
        {
            Assert.True(bytes.AsSpan(offsetBytes, lengthBytes).SequenceEqual(view.Span));
            view.WritableSpan[0] ^= 0xFF;
            view.WritableSpan[lengthBytes - 1] ^= 0x0F;
            bytes[offsetBytes] ^= 0xFF;
            bytes[offsetBytes + lengthBytes - 1] ^= 0x0F;
        }

        AssertHolds(file, bytes);
    }

    [Fact]
    public void Pin_for_reading_is_no_buffer_to_receive_into_and_nothing_is_written()
    {
        using AditFile file = Make("/a", Page, seed: 3, out byte[] bytes);
        using LongPin pin = file.PinLong(0, Page, PinAccess.Read, Lease);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket sender = new(SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(listener.LocalEndpoint);
        using Socket receiver = listener.AcceptSocket();
        receiver.ReceiveTimeout = 10_000;
        sender.Send(new byte[100]);
        Assert.Throws<InvalidOperationException>(() => receiver.Receive(pin.WriteSegment(0).Span));
        AssertHolds(file, bytes);
    }

    [Fact]
    public void Private_view_shows_the_old_bytes_while_its_source_is_punched_and_cut()
    {
        using AditFile file = Make("/a", 64 * Page, seed: 4, out byte[] bytes);
        using View view = file.Map(0, 64 * Page, Private);
        bool isDone = false;
        int looks = 0;
        GuardedThread reader = GuardedThread.Start(() =>
        {
            Random random = new(4);
            while (!Volatile.Read(ref isDone))
            {
                int page = random.Next(64) * Page;
                Assert.True(view.Slice(page, 64).SequenceEqual(bytes.AsSpan(page, 64)), "other bytes were seen");
                Interlocked.Increment(ref looks);
            }
        });
        try
        {
            // One look or more between any two changes.
            for (int page = 0; page < 64; page += 2)
            {
                WaitForMore(reader, ref looks);
                file.Allocate(page * Page, Page, AllocateMode.PunchHole | AllocateMode.KeepSize);
            }

            WaitForMore(reader, ref looks);
            file.SetLength(0);
            WaitForMore(reader, ref looks);

            // Others get the blocks.
            _volume.Sync();
            byte[] other = new byte[1 << 20];
            other.AsSpan().Fill(0xEE);
            using AditFile filler = _volume.OpenFile("/b", FileMode.Create);
            while (_volume.Store.FreeBlocks > 1024)
            {
                filler.Append(other);
            }

            WaitForMore(reader, ref looks);
        }
        finally
        {
            Volatile.Write(ref isDone, true);
            reader.TryJoin(Patience);
        }

        reader.Join(Patience);
        Assert.Equal(bytes, view.Span);
    }

    [Theory]
    [InlineData(DurabilityModel.CacheLine)]
    [InlineData(DurabilityModel.Page)]
    public void Bytes_of_unaligned_writes_to_an_o_sync_file_survive(DurabilityModel model)
    {
        const int Seed = 30;
        using SimulatedMedium medium = new(16 << 20, model, Seed);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium, Quiet());
        using SimulatedMedium image = medium.MakeImageMedium(Seed + 1);
        using AditFile file = volume.OpenFile("/a", FileMode.Create, intent: OpenIntent.Sync);
        file.Write(0, Bytes.Of(8 * Page, Seed));
        byte[] expected = Bytes.Of(8 * Page, Seed);
        Random random = new(Seed);
        CrashState state = new();
        for (int length = 1; length <= 200; length++)
        {
            int offset = random.Next((8 * Page) - 200) | 1;
            byte[] bytes = Bytes.Of(length, length);
            bytes.CopyTo(expected, offset);
            file.Write(offset, bytes);
            if (length % 20 != 0 && length > 10)
            {
                continue;
            }

            medium.Capture(state);
            medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, length);
            using Volume left = Volume.Open(image, Quiet());
            Assert.Equal(expected, Bytes.ReadAll(left, "/a"));
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(Page)]
    public void Punched_tail_of_the_last_page_is_zeros_when_the_file_grows(int lengthBytes)
    {
        using AditFile file = Make("/a", (3 * Page) + 200, seed: 5, out byte[] bytes);
        file.Allocate((3 * Page) + 100, lengthBytes, AllocateMode.PunchHole | AllocateMode.KeepSize);
        file.SetLength(5 * Page);
        byte[] expected = new byte[5 * Page];
        bytes.AsSpan(0, (3 * Page) + 100).CopyTo(expected);
        AssertHolds(file, expected);
        using View view = file.Map(0, 5 * Page);
        Assert.Equal(expected, view.Span);
    }

    [Fact]
    public void Zeroed_range_under_stores_is_the_same_by_view_and_by_read()
    {
        using AditFile file = Make("/a", 32 * Page, seed: 6, out _);
        using View view = file.Map(0, 32 * Page);
        bool isDone = false;
        int stores = 0;
        GuardedThread storer = GuardedThread.Start(() =>
        {
            for (long value = 1; !Volatile.Read(ref isDone); value++)
            {
                using Pin pin = file.Pin(value % 32 * Page, 8, PinAccess.Write);
                pin.WritableRef<long>() = value;
                Interlocked.Increment(ref stores);
            }
        });
        try
        {
            // One store or more between any two changes.
            for (int round = 0; round < 60; round++)
            {
                WaitForMore(storer, ref stores);
                file.Allocate(round % 16 * Page, 9 * Page, AllocateMode.ZeroRange);
            }
        }
        finally
        {
            Volatile.Write(ref isDone, true);
            storer.TryJoin(Patience);
        }

        storer.Join(Patience);
        byte[] read = new byte[32 * Page];
        Assert.Equal(read.Length, file.Read(0, read));
        Assert.Equal(read, view.Span);
        VolumeProof.Check(_volume);
    }

    [Fact]
    public void Collapsed_and_inserted_ranges_move_what_is_mapped_with_its_index()
    {
        using AditFile file = Make("/a", 16 * Page, seed: 7, out byte[] bytes);
        using View view = file.Map(0, 16 * Page);
        Touch(file, 16);
        file.Allocate(4 * Page, 2 * Page, AllocateMode.CollapseRange);
        byte[] collapsed = [.. bytes.AsSpan(0, 4 * Page), .. bytes.AsSpan(6 * Page)];
        AssertHolds(file, collapsed);
        Assert.Equal(collapsed, view.Slice(0, 14 * Page));
        Touch(file, 14);
        file.Allocate(Page, 2 * Page, AllocateMode.InsertRange);
        byte[] inserted = [.. collapsed.AsSpan(0, Page), .. new byte[2 * Page], .. collapsed.AsSpan(Page)];
        AssertHolds(file, inserted);
        Assert.Equal(inserted, view.Span);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(Page, 0)]
    [InlineData(100 * Page, 0)]
    public void Read_around_the_end_of_a_file_with_blocks_behind_it_ends(int beyondEnd, int expectedBytes)
    {
        const int Size = (3 * Page) + 17;
        using AditFile file = Make("/a", Size, seed: 8, out _);
        file.Allocate(0, 64 * Page, AllocateMode.KeepSize);
        byte[] read = new byte[2 * Page];
        Assert.Equal(expectedBytes, file.Read(Size + beyondEnd, read));
        Assert.Equal(Errno.ENXIO, Assert.Throws<AditException>(() => file.Pin(Size + beyondEnd, 2 * Page).Dispose()).Errno);
    }

    [Theory]
    [InlineData(AllocateMode.CollapseRange, 5)]
    [InlineData(AllocateMode.InsertRange, 13)]
    public void Store_to_what_is_then_moved_survives_the_next_flush(AllocateMode mode, int movedTo)
    {
        const int Seed = 31;
        using SimulatedMedium medium = new(16 << 20, DurabilityModel.CacheLine, Seed) { EvictionsPerThousand = 0 };
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium, Quiet());
        using SimulatedMedium image = medium.MakeImageMedium(Seed + 1);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[16 * Page]);
        using (Pin pin = file.Pin(9 * Page, 8, PinAccess.Write))
        {
            pin.WritableSpan.Fill(0x21);
        }

        file.Allocate(2 * Page, 4 * Page, mode);
        file.Flush();
        CrashState state = new();
        medium.Capture(state);
        medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, Seed);
        using Volume left = Volume.Open(image, Quiet());
        Assert.Equal(0x21, Bytes.ReadAll(left, "/a")[(movedTo * Page) + 7]);
    }

    [Fact]
    public void Store_behind_the_end_is_not_seen_in_the_gap_of_a_write_far_behind_it()
    {
        const int Size = (3 * Page) + 100;
        using AditFile file = Make("/a", Size, seed: 9, out byte[] bytes);
        using (View view = file.Map(0, Size, Writable))
        {
            StoreBehind(view, Size, Page - 100);
            Assert.Equal(Errno.Success, view.Flush());
        }

        file.Write(Size + (1 << 20), [1]);
        byte[] expected = new byte[Size + (1 << 20) + 1];
        bytes.CopyTo(expected, 0);
        expected[^1] = 1;
        AssertHolds(file, expected);
    }

    [Fact]
    public void Volume_whose_medium_failed_keeps_its_mapped_memory_and_calls_no_sync_a_success()
    {
        using MemoryMedium memory = new(32 << 20);
        using FaultingMedium medium = new(memory);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium, Quiet());
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[4 * Page]);
        using LongPin pin = file.PinLong(0, Page, PinAccess.Write, Lease);
        medium.FailAt(MediumCall.Fence, 1, Errno.EIO);
        Assert.Equal(Errno.EIO, Assert.Throws<AditException>(() => file.Append(new byte[Page])).Errno);
        pin.WriteSegment(0).Span.Fill(7);
        Assert.Equal(7, pin.ReadSegment(0).Span[100]);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.EIO, Assert.Throws<AditException>(() => file.Flush()).Errno);
        }

        Assert.Equal(Errno.EIO, Assert.Throws<AditException>(() => file.Write(0, [1])).Errno);
        byte[] read = new byte[1];
        Assert.Equal(1, file.Read(0, read));
        Assert.Equal(7, read[0]);
    }

    public void Dispose()
    {
        _volume.Dispose();
        _medium.Dispose();
    }

    private static VolumeOptions Quiet() => new() { LeaveMediumOpen = true, Store = new StoreOptions { BackgroundWork = false } };

    private AditFile Make(string path, int lengthBytes, int seed, out byte[] bytes)
    {
        bytes = Bytes.Of(lengthBytes, seed);
        AditFile file = _volume.OpenFile(path, FileMode.Create);
        file.Write(0, bytes);
        return file;
    }

    /// <summary>Has each page mapped, as it is.</summary>
    private static void Touch(AditFile file, int pageCount)
    {
        for (int page = 0; page < pageCount; page++)
        {
            file.Pin(page * Page, Page, PinAccess.Write).Dispose();
        }
    }

    /// <summary>The hardware lets a store reach the end of the page.</summary>
    private static unsafe void StoreBehind(View view, int offset, int lengthBytes) =>
        new Span<byte>(view.DangerousStart + offset, lengthBytes).Fill(0xEE);

    private static void AssertHolds(AditFile file, byte[] bytes)
    {
        byte[] read = new byte[bytes.Length + 1];
        Assert.Equal(bytes.Length, file.Read(0, read));
        Assert.True(bytes.AsSpan().SequenceEqual(read.AsSpan(0, bytes.Length)));
        using Pin pin = file.Pin(0, bytes.Length);
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(pin.SegmentAt(at).Length, bytes.Length - at);
            Assert.True(bytes.AsSpan(at, length).SequenceEqual(pin.SegmentAt(at)[..length]), "a pin shows other bytes than a read");
            at += length;
        }
    }

    private static void Run(int count, Action<int> body) => GuardedThread.JoinAll(GuardedThread.Start(count, body), 2 * Patience);

    /// <summary>Returns when a thread has counted on, or throws what it threw.</summary>
    private static void WaitForMore(GuardedThread thread, ref int count)
    {
        int before = Volatile.Read(ref count);
        long started = Environment.TickCount64;
        while (Volatile.Read(ref count) <= before)
        {
            if (!thread.IsAlive)
            {
                thread.Join(Patience);
            }

            Assert.True(Environment.TickCount64 - started < Patience.TotalMilliseconds, "inconclusive: the other thread does nothing");
            Thread.Yield();
        }
    }
}

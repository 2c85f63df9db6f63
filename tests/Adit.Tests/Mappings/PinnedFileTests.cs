using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Mappings;

/// <summary>Pins and views of the files of a volume.</summary>
public sealed class PinnedFileTests
{
    private const int Page = 4096;
    private const int Huge = 2 << 20;

    private static readonly VolumeOptions ShortLeases = new() { LeaseTime = TimeSpan.FromMilliseconds(50) };
    private static readonly LeaseOptions Lease = new() { Purpose = "test" };

    public static TheoryData<string> Kinds => VolumeFixture.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pin_and_read_and_write_see_the_same_bytes(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, Bytes.Of(3 * Page, 1));
        using (Pin pin = file.Pin(100, 2 * Page, PinAccess.Write))
        {
            Assert.Equal(Bytes.Of(3 * Page, 1).AsSpan(100, 2 * Page), pin.Span);
            pin.WritableSpan[5] = 77;
            file.Write(106, [78]);
            Assert.Equal(78, pin.Span[6]);
        }

        byte[] read = new byte[2];
        Assert.Equal(2, file.Read(105, read));
        Assert.Equal([77, 78], read);
        file.Flush();
        VolumeProof.Check(volume);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Store_into_a_hole_gives_it_a_block_that_survives(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenFile("/a", FileMode.Create);
            file.SetLength(10 * Page);
            Assert.Equal(0, file.Attributes.BlockCount * Page);
            using (Pin reader = file.Pin(3 * Page, Page))
            {
                Assert.Equal(-1, reader.Span.IndexOfAnyExcept((byte)0));
            }

            Assert.Equal(0, file.Attributes.BlockCount * Page);
            using (Pin writer = file.Pin((3 * Page) + 8, 8, PinAccess.Write))
            {
                writer.WritableRef<long>() = 0x1122334455667788;
            }

            Assert.Equal(Page, file.Attributes.BlockCount * Page);
            using (Pin reader = file.Pin(3 * Page, 32))
            {
                Assert.Equal(0x1122334455667788, reader.Ref<long>(8));
                Assert.Equal(0, reader.Ref<long>(0));
            }

            file.Flush();
            VolumeProof.Check(volume);
        }

        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenFile("/a", FileMode.Open, FileAccess.Read);
            using Pin reader = file.Pin((3 * Page) + 8, 8);
            Assert.Equal(0x1122334455667788, reader.Ref<long>());
        }
    }

    [Fact]
    public void Written_hole_is_seen_through_zeros_that_were_mapped()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.SetLength(4 * Huge);
        file.Allocate(Huge, Page);
        Assert.Equal(0, Load(file, Huge));
        Assert.Equal(0, Load(file, 3 * Huge));
        file.Write(Huge, [5]);
        file.Write(3 * Huge, [6]);
        Assert.Equal(5, Load(file, Huge));
        Assert.Equal(6, Load(file, 3 * Huge));
    }

    [Fact]
    public void Large_file_is_mapped_by_huge_pages()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(4 * Huge, 2);
        file.Write(0, bytes);
        using (Pin pin = file.Pin(0, 4 * Huge))
        {
            Assert.True(pin.IsContiguous || pin.SegmentCount <= 4);
        }

        Assert.Equal(4, file.Mapping.ReadStatistics().Entries);
        using AditFile sparse = volume.OpenFile("/b", FileMode.Create);
        sparse.SetLength(4 * Huge);
        sparse.Pin(0, 4 * Huge, PinAccess.Write).Dispose();
        Assert.Equal(4, sparse.Mapping.ReadStatistics().HugeWriteFaults);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Handle_for_reading_gives_no_write_access()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.OpenFile("/a", FileMode.Create).Dispose();
        using AditFile file = volume.OpenFile("/a", FileMode.Open, FileAccess.Read);
        Assert.Equal(Errno.EBADF, Assert.Throws<AditException>(() => file.Pin(0, 1, PinAccess.Write).Dispose()).Errno);
        Assert.Equal(Errno.ENXIO, Assert.Throws<AditException>(() => file.Pin(0, 1).Dispose()).Errno);
    }

    [Theory]
    [InlineData(AllocateMode.PunchHole | AllocateMode.KeepSize)]
    [InlineData(AllocateMode.ZeroRange)]
    [InlineData(AllocateMode.CollapseRange)]
    [InlineData(AllocateMode.InsertRange)]
    [InlineData((AllocateMode)(1 << 20))]
    public void Layout_change_waits_for_a_pin_in_its_range_only(AllocateMode mode)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(16 * Page, 3);
        file.Write(0, bytes);
        Change();
        file.Write(0, bytes);

        Pin early = file.Pin(0, Page);
        Change();
        early.Dispose();
        file.Write(0, bytes);

        Pin pin = file.Pin(5 * Page, Page);
        Thread change = new(Change) { IsBackground = true };
        change.Start();
        Assert.True(SpinWait.SpinUntil(() => file.Mapping.ReadStatistics().PinWaits == 1, 10_000));
        Assert.True(change.IsAlive);
        Assert.Equal(bytes.AsSpan(5 * Page, Page), pin.Span);
        pin.Dispose();
        Assert.True(change.Join(10_000));
        byte[] read = new byte[16 * Page];
        int length = file.Read(0, read);
        using (Pin all = file.Pin(0, length))
        {
            for (long at = 0; at < length;)
            {
                ReadOnlySpan<byte> segment = all.SegmentAt(at);
                Assert.Equal(read.AsSpan((int)at, Math.Min(segment.Length, length - (int)at)), segment[..Math.Min(segment.Length, length - (int)at)]);
                at += segment.Length;
            }
        }

        VolumeProof.Check(volume);

        void Change()
        {
            if ((int)mode == 1 << 20)
            {
                file.SetLength(4 * Page);
            }
            else
            {
                file.Allocate(4 * Page, 4 * Page, mode);
            }
        }
    }

    [Fact]
    public void Holder_of_a_pin_may_write_the_file_while_a_truncation_waits()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, Bytes.Of(8 * Page, 4));
        Pin pin = file.Pin(5 * Page, Page);
        Thread truncation = new(() => file.SetLength(Page)) { IsBackground = true };
        truncation.Start();
        Assert.True(SpinWait.SpinUntil(() => file.Mapping.ReadStatistics().PinWaits == 1, 10_000));
        file.Write(0, pin.Span);
        file.Append(pin.Span);
        file.Flush();
        pin.Dispose();
        Assert.True(truncation.Join(10_000));
        Assert.Equal(Page, file.Length);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Lease_that_is_kept_makes_a_truncation_fail_and_names_its_holder()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(ShortLeases);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[8 * Page]);
        using (LongPin pin = file.PinLong(0, 8 * Page, PinAccess.Read, Lease))
        {
            Assert.Equal(Errno.EBUSY, Assert.Throws<AditException>(() => file.SetLength(0)).Errno);
            Assert.Equal(8 * Page, file.Length);
            Assert.Equal("test", Assert.Single(file.Mapping.FindHolders(PageRange.All)).Purpose);
        }

        file.SetLength(0);
    }

    [Fact]
    public void Blocks_of_a_deleted_file_stay_its_own_until_its_last_pin_is_gone()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(64 * Page, 5);
        file.Write(0, bytes);
        LongPin pin = file.PinLong(0, Page, PinAccess.Read, Lease);
        file.Dispose();
        volume.Delete("/a");
        volume.Sync();
        long free = volume.Store.FreeBlocks;
        using (AditFile filler = volume.OpenFile("/b", FileMode.Create))
        {
            filler.Write(0, new byte[8 << 20]);
        }

        Assert.True(bytes.AsSpan(0, Page).SequenceEqual(pin.ReadSegment(0).Span));
        volume.Delete("/b");
        pin.Dispose();
        Assert.True(SpinWait.SpinUntil(() => volume.Store.FreeBlocks >= free + 64, 10_000));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Pins_may_outlive_the_volume_and_keep_its_memory()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        Volume volume = fixture.Open();
        AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(4 * Page, 6);
        file.Write(0, bytes);
        LongPin pin = file.PinLong(0, 4 * Page, PinAccess.Write, Lease);
        volume.Dispose();
        Assert.True(bytes.AsSpan().SequenceEqual(pin.ReadSegment(0).Span));
        file.Dispose();
        pin.Dispose();
        Volume? again = null;
        Assert.True(SpinWait.SpinUntil(() => TryOpen(fixture, out again), 10_000));
        again!.Dispose();
    }

    [Fact]
    public void Growing_beyond_a_mebibyte_leaves_pinned_blocks_where_they_are()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile other = volume.OpenFile("/other", FileMode.Create);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(40 * Page, 7);
        for (int i = 0; i < 40; i++)
        {
            file.Append(bytes.AsSpan(i * Page, Page));
            other.Append(new byte[Page]);
        }

        using (Pin pin = file.Pin(7 * Page, Page, PinAccess.Write))
        {
            file.Append(new byte[2 * Huge]);
            Assert.Equal(bytes.AsSpan(7 * Page, Page), pin.Span);
            pin.WritableSpan[0] ^= 0xFF;
            Assert.Equal(pin.Span[0], ReadByte(file, 7 * Page));
        }

        VolumeProof.Check(volume);
    }

    [Fact]
    public void Emptying_a_chunk_moves_what_nobody_uses_and_leaves_pinned_blocks_where_they_are()
    {
        const int Files = 2400;
        const int FileBytes = 4 * Page;
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(ShortLeases);
        for (int i = 0; i < Files; i++)
        {
            Bytes.WriteAll(volume, $"/{i}", Bytes.Of(FileBytes, i));
        }

        List<(AditFile File, int Number, nint Address, LongPin? Pin)> left = [];
        for (int i = 0; i < Files; i++)
        {
            if (i % 24 != 0)
            {
                volume.Delete($"/{i}");
                continue;
            }

            AditFile file = volume.OpenFile($"/{i}");
            LongPin? pin = i % 48 == 0 ? file.PinLong(0, FileBytes, PinAccess.Write, Lease) : null;
            left.Add((file, i, AddressOf(file), pin));
        }

        volume.Sync();
        volume.CheckpointNow();
        List<AditFile> large = [];
        for (int i = 0; i < 5; i++)
        {
            AditFile file = volume.OpenFile($"/large{i}", FileMode.Create);
            file.Write(0, new byte[8 << 20]);
            large.Add(file);
        }

        int moved = left.Count(file => file.Pin is null && AddressOf(file.File) != file.Address);
        Assert.True(moved > 0, "inconclusive: nothing was moved");
        foreach ((AditFile file, int number, nint address, LongPin? pin) in left)
        {
            byte[] bytes = new byte[FileBytes];
            Assert.Equal(FileBytes, file.Read(0, bytes));
            Assert.Equal(Bytes.Of(FileBytes, number), bytes);
            if (pin is not null)
            {
                Assert.Equal(address, AddressOf(file));
                Assert.True(bytes.AsSpan().SequenceEqual(pin.ReadSegment(0).Span));
                pin.Dispose();
            }

            file.Dispose();
        }

        large.ForEach(file => file.Dispose());
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Full_volume_is_an_error_of_the_pin()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, 32 << 20);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.SetLength(1L << 30);
        Assert.Equal(Errno.ENOSPC, Assert.Throws<AditException>(() => file.Pin(0, 64 << 20, PinAccess.Write).Dispose()).Errno);
        Assert.Equal(0, file.Mapping.ReadStatistics().Pins);
        file.SetLength(0);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Store_through_a_pin_moves_the_time_of_modification()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, [1]);
        file.Flush();
        Timestamp before = file.Attributes.ModifyTime;
        Thread.Sleep(30);
        Pin pin = file.Pin(0, 1, PinAccess.Write);
        pin.WritableSpan[0] = 2;
        pin.Dispose();
        Assert.NotEqual(before, file.Attributes.ModifyTime);
        file.Flush();
        before = file.Attributes.ModifyTime;
        Thread.Sleep(30);
        pin = file.Pin(0, 1, PinAccess.Write);
        pin.Dispose();
        Assert.NotEqual(before, file.Attributes.ModifyTime);
    }

    [Fact]
    public void Pin_of_a_present_page_of_a_file_allocates_nothing()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[Page]);
        long before = 0;
        for (int i = 0; i < 2000; i++)
        {
            before = i == 1000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            file.Pin(0, 8, PinAccess.Write).Dispose();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Threads_that_pin_write_punch_and_grow_files_leave_a_sound_volume()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(ShortLeases);
        AditFile[] files = [.. Enumerable.Range(0, 3).Select(i => volume.OpenFile($"/{i}", FileMode.Create))];
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(id => new Thread(() =>
        {
            try
            {
                Work(files, id);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(30_000), "a thread hangs"));
        Assert.Null(failure);
        VolumeProof.Check(volume);
        Array.ForEach(files, file => file.Dispose());
        Assert.True(SpinWait.SpinUntil(() => volume.OpenFile("/0").Mapping.IsEmpty, 5000));
    }

    [Fact]
    public void Page_source_fills_what_is_read_written_and_pinned()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenFile("/a", FileMode.Create);
            file.SetLength(100 * Page);
            PatternSource source = new();
            using IDisposable registration = file.Mapping.RegisterSource(new PageRange(new PageIndex(10), 20), source, isDurable: true);
            Assert.Equal(12, ReadByte(file, (12 * Page) + 5));
            Assert.Equal(0, ReadByte(file, 9 * Page));
            file.Write((14 * Page) + 100, [200]);
            Assert.Equal(14, ReadByte(file, 14 * Page));
            Assert.Equal(200, ReadByte(file, (14 * Page) + 100));
            Assert.Equal(29, Load(file, (30 * Page) - 1));
            Assert.Equal(3, source.Calls);
            Assert.Equal(3, file.Attributes.BlockCount);
        }

        using Volume again = fixture.Open();
        using AditFile left = again.OpenFile("/a");
        Assert.Equal(12, ReadByte(left, 12 * Page));
        Assert.Equal(0, ReadByte(left, 13 * Page));
        VolumeProof.Check(again);
    }

    [Fact]
    public void View_shows_the_file_and_its_stores_are_synced()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, Bytes.Of(6 * Page, 8));
        file.SetLength(20 * Page);
        using View view = file.Map(0, 20 * Page, new ViewOptions { Kind = ViewKind.ReadWrite });
        Assert.Equal(20 * Page, file.Attributes.BlockCount * Page);
        Assert.True(Bytes.Of(6 * Page, 8).AsSpan().SequenceEqual(view.Span[..(6 * Page)]));
        view.WritableSpan[10 * Page] = 9;
        Assert.Equal(9, ReadByte(file, 10 * Page));
        file.Flush();
        Assert.True(file.Mapping.ReadStatistics().FlushedBytes >= Page);
        VolumeProof.Check(volume);
    }

    private sealed class PatternSource : Dax.Sources.IPageSource
    {
        public int Calls { get; private set; }

        public Errno Fill(long offsetBytes, Span<byte> page)
        {
            Calls++;
            page.Fill((byte)(offsetBytes / Page));
            return Errno.Success;
        }
    }

    private static unsafe nint AddressOf(AditFile file)
    {
        using Pin pin = file.Pin(0, 1);
        fixed (byte* start = pin.Span)
        {
            return (nint)start;
        }
    }

    private static bool TryOpen(VolumeFixture fixture, out Volume? volume)
    {
        try
        {
            volume = fixture.Open();
            return true;
        }
        catch (IOException)
        {
            volume = null;
            return false;
        }
    }

    private static void Work(AditFile[] files, int id)
    {
        Random random = new(40 + id);
        byte[] buffer = new byte[3 * Page];
        for (int i = 0; i < 600; i++)
        {
            AditFile file = files[random.Next(files.Length)];
            long offset = random.Next(300) * (long)Page;
            try
            {
                switch (random.Next(8))
                {
                    case 0:
                        file.Write(offset + random.Next(Page), buffer);
                        break;
                    case 1:
                        file.SetLength(offset);
                        break;
                    case 2:
                        file.Allocate(offset, 20 * Page, AllocateMode.PunchHole | AllocateMode.KeepSize);
                        break;
                    case 3:
                        file.Append(buffer);
                        break;
                    case 4:
                        file.Flush();
                        break;
                    default:
                        long size = file.Length;
                        long at = size == 0 ? 0 : random.NextInt64(size);
                        using (Pin pin = file.Pin(at, Math.Min(size - at, 2 * Page), random.Next(2) == 0 ? PinAccess.Read : PinAccess.Write))
                        {
                            if (pin.IsWritable)
                            {
                                pin.WritableSegmentAt(0)[0] = (byte)id;
                            }
                        }

                        break;
                }
            }
            catch (AditException exception) when (exception.Errno is Errno.ENXIO or Errno.EINVAL)
            {
                // Another thread has cut the file.
            }
        }
    }

    private static byte Load(AditFile file, long offsetBytes)
    {
        using Pin pin = file.Pin(offsetBytes, 1);
        return pin.Span[0];
    }

    private static byte ReadByte(AditFile file, long offsetBytes)
    {
        byte[] one = new byte[1];
        Assert.Equal(1, file.Read(offsetBytes, one));
        return one[0];
    }
}

using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.TestKit.Simulation;

namespace Adit.Dax.Tests;

public sealed class WritebackTests
{
    private const int Page = PageIndex.PageBytes;

    [Fact]
    public void Second_sync_without_stores_flushes_nothing()
    {
        using CrashRig rig = new();
        rig.Store(3 * Page, 1);
        rig.WriteBack();
        long flushed = rig.Space.ReadStatistics().FlushedBytes;
        Assert.Equal(Page, flushed);
        rig.WriteBack();
        Assert.Equal(flushed, rig.Space.ReadStatistics().FlushedBytes);
        Assert.Equal(1, rig.Space.ReadStatistics().Writebacks);
    }

    [Fact]
    public void Sync_flushes_what_is_dirty_and_not_what_is_mapped()
    {
        using CrashRig rig = new();
        Assert.Equal(Errno.Success, rig.Space.Populate(0, 4 << 20, PinAccess.Write));
        rig.WriteBack();
        long before = rig.Space.ReadStatistics().FlushedBytes;
        rig.Store(100 * Page, 1);
        rig.WriteBack();
        Assert.Equal(Page, rig.Space.ReadStatistics().FlushedBytes - before);
    }

    [Fact]
    public void Huge_page_that_was_thrown_away_dirty_leaves_nothing_to_flush_to_the_next_one_there()
    {
        using CrashRig rig = new();
        Assert.Equal(Errno.Success, rig.Space.Populate(0, 4 << 20, PinAccess.Write));
        rig.WriteBack();
        rig.Store(0, 1);
        rig.Store(300 * Page, 1);
        Assert.Equal(Errno.Success, rig.File.Punch(new PageRange(default, 512), new BreakOptions { Discards = true }));
        FakeView view = new(new PageRange(default, 512), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, rig.Space.AttachView(view, new() { Purpose = "test" }));
        Assert.Equal(2, rig.Space.ReadStatistics().Entries);
        long before = rig.Space.ReadStatistics().FlushedBytes;
        view.Stored.Add(100);
        rig.WriteBack();
        Assert.Equal(Page, rig.Space.ReadStatistics().FlushedBytes - before);
        rig.Space.DetachView(view);
    }

    [Fact]
    public void Reads_make_nothing_dirty()
    {
        using CrashRig rig = new();
        Assert.Equal(Errno.Success, rig.File.Write(0, [1, 2, 3]));
        Assert.Equal(1, rig.Load(0));
        rig.WriteBack();
        Assert.Equal(0, rig.Space.ReadStatistics().FlushedBytes);
    }

    [Fact]
    public void Sync_of_a_range_leaves_the_rest_dirty()
    {
        using CrashRig rig = new(sizeBytes: 100 * Page);
        rig.Store(3 * Page, 0xA3);
        rig.Store(4 * Page, 0xA4);
        Assert.Equal(Errno.Success, rig.Space.Writeback(new PageRange(new PageIndex(4), 1)));
        Assert.Equal(0, rig.Survivor(3)[0]);
        Assert.Equal(0xA4, rig.Survivor(4)[0]);
        rig.WriteBack();
        Assert.Equal(0xA3, rig.Survivor(3)[0]);
    }

    [Fact]
    public void Store_after_sync_moves_the_time_stamps_again()
    {
        using CrashRig rig = new();
        rig.Store(0, 1);
        rig.Store(0, 2);
        Assert.Equal(1, rig.File.ModifiedCount);
        rig.WriteBack();
        rig.Store(0, 3);
        Assert.Equal(2, rig.File.ModifiedCount);
    }

    [Fact]
    public void Flush_of_a_pin_makes_just_its_lines_durable_and_leaves_the_page_dirty()
    {
        using CrashRig rig = new();
        Assert.Equal(Errno.Success, rig.Space.Pin(0, Page, PinAccess.Write, out Pin pin));
        pin.WritableSpan.Fill(0x77);
        Assert.Equal(Errno.Success, pin.Flush(128, 64));
        byte[] survivor = rig.Survivor(0);
        Assert.Equal(0, survivor[127]);
        Assert.Equal(0x77, survivor[128]);
        Assert.Equal(0x77, survivor[191]);
        Assert.Equal(0, survivor[192]);
        Assert.Equal(64, rig.Space.ReadStatistics().FlushedBytes);
        pin.Dispose();
        rig.WriteBack();
        Assert.Equal(0x77, rig.Survivor(0)[4095]);
    }

    [Fact]
    public void Flush_of_a_pin_makes_the_metadata_durable_that_leads_to_its_bytes()
    {
        using CrashRig rig = new(commitsAreDurable: false);
        Assert.Equal(Errno.Success, rig.Space.Pin(3 * Page, 8, PinAccess.Write, out Pin pin));
        pin.WritableSpan.Fill(0x41);
        Assert.Equal(Errno.Success, pin.Flush());
        Assert.Equal(0x41, rig.Survivor(3)[0]);
        pin.Dispose();
    }

    /// <param name="isPresent">The pin finds the page there, with write access.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Page_that_stays_pinned_for_writing_is_flushed_by_every_sync_and_then_no_more(bool isPresent)
    {
        using CrashRig rig = new();
        if (isPresent)
        {
            rig.Store(0, 1);
        }

        Assert.Equal(Errno.Success, rig.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        rig.WriteBack();
        rig.WriteBack();
        Assert.Equal(2 * Page, rig.Space.ReadStatistics().FlushedBytes);
        pin.Dispose();
        rig.WriteBack();
        rig.WriteBack();
        Assert.Equal(3 * Page, rig.Space.ReadStatistics().FlushedBytes);
    }

    [Fact]
    public void Failed_fence_leaves_everything_dirty_and_is_told()
    {
        using SimulatedMedium simulated = new(1 << 20, DurabilityModel.CacheLine, seed: 4);
        using FaultingMedium medium = new(simulated);
        FakeFile file = new FakeVolume(medium).CreateFile(100 * Page);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        pin.Dispose();
        ErrorCursor cursor = file.Space.OpenCursor();
        medium.FailAt(MediumCall.Fence, 1, Errno.EIO);
        Assert.Equal(Errno.EIO, file.Space.Sync(PageRange.All, ref cursor));
        Assert.Equal(1, medium.FailureCount);
        Assert.Equal(Errno.EBUSY, file.Space.TryEvict(discards: false));
        Assert.Equal(Errno.EIO, file.Space.Sync(PageRange.All, ref cursor));
    }

    [Fact]
    public void Failed_write_back_is_told_to_each_handle_once_also_when_nothing_is_dirty_any_more()
    {
        using SimulatedMedium simulated = new(1 << 20, DurabilityModel.CacheLine, seed: 4);
        using FaultingMedium medium = new(simulated);
        FakeFile file = new FakeVolume(medium).CreateFile(100 * Page);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        pin.Dispose();
        ErrorCursor one = file.Space.OpenCursor();
        ErrorCursor other = file.Space.OpenCursor();
        medium.FailAt(MediumCall.Fence, 1, Errno.EIO);
        Assert.Equal(Errno.EIO, file.Space.Writeback(PageRange.All));
        Assert.Equal(Errno.Success, file.Punch(PageRange.All));
        Assert.Equal(Errno.EIO, file.Space.Sync(PageRange.All, ref one));
        Assert.Equal(Errno.Success, file.Space.Sync(PageRange.All, ref one));
        Assert.Equal(Errno.EIO, file.Space.Sync(PageRange.All, ref other));
    }

    [Fact]
    public void Failed_mark_leaves_no_entry_locked()
    {
        using SimulatedMedium simulated = new(1 << 20, DurabilityModel.CacheLine, seed: 4);
        using FaultingMedium medium = new(simulated);
        FakeFile file = new FakeVolume(medium).CreateFile(100 * Page);
        foreach (int page in (int[])[1, 2, 3])
        {
            Assert.Equal(Errno.Success, file.Space.Pin(page * Page, 8, PinAccess.Write, out Pin pin));
            pin.Dispose();
        }

        medium.FailAt(MediumCall.MarkStored, 2, Errno.EIO);
        Assert.Equal(Errno.EIO, file.Space.Writeback(PageRange.All));
        foreach (int page in (int[])[1, 2, 3])
        {
            int at = page;
            Assert.True(Racer.Start(() =>
            {
                Assert.Equal(Errno.Success, file.Space.Pin(at * Page, 8, PinAccess.Write, out Pin pin));
                pin.Dispose();
            }).Join());
        }
    }

    [Fact]
    public void Random_stores_and_syncs_lose_nothing_that_was_synced()
    {
        const int Seed = 12;
        Random random = new(Seed);
        using CrashRig rig = new(sizeBytes: 4 << 20);
        Assert.Equal(Errno.Success, rig.Space.Populate(2 << 20, 2 << 20, PinAccess.Write));
        byte[] synced = new byte[1024];
        byte[] stored = new byte[1024];
        int checks = 0;
        for (int i = 0; i < 1500; i++)
        {
            int page = random.Next(2) == 0 ? random.Next(40) : 512 + random.Next(512);
            switch (random.Next(8))
            {
                case < 5:
                    byte value = (byte)random.Next(1, 200);
                    rig.Store((long)page * Page, value);
                    stored[page] = value;
                    break;
                case 5:
                    Assert.Equal(stored[page], rig.Load((long)page * Page));
                    break;
                case 6:
                    int count = random.Next(1, 100);
                    Assert.Equal(Errno.Success, rig.Space.Writeback(new PageRange(new PageIndex(page), count)));
                    stored.AsSpan(page, Math.Min(count, 1024 - page)).CopyTo(synced.AsSpan(page));
                    break;
                default:
                    byte survivor = rig.Survivor(page)[0];
                    Assert.True(survivor == synced[page] || survivor == stored[page] || page >= 512, $"seed {Seed}, step {i}, page {page}");
                    checks++;
                    break;
            }
        }

        rig.WriteBack();
        for (int page = 0; page < 1024; page++)
        {
            if (stored[page] != 0)
            {
                Assert.Equal(stored[page], rig.Survivor(page)[0]);
            }
        }

        Assert.True(checks > 50);
    }

    [Fact]
    public void Syncs_beside_stores_lose_no_store_and_come_to_an_end()
    {
        using MappedFile file = new(sizeBytes: 64 * Page);
        Assert.Equal(Errno.Success, file.Space.Populate(0, 64 * Page, PinAccess.Write));
        Racer.Run(4, id =>
        {
            Random random = new(id);
            for (int i = 0; i < 4000; i++)
            {
                if (id == 0)
                {
                    Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
                    continue;
                }

                long page = random.Next(64);
                Assert.Equal(Errno.Success, file.Space.Pin((page * Page) + (id * 8), 8, PinAccess.Write, out Pin pin));
                pin.WritableRef<long>()++;
                pin.Dispose();
            }
        });
        long total = 0;
        for (int page = 0; page < 64; page++)
        {
            for (int id = 1; id < 4; id++)
            {
                total += BitConverter.ToInt64(file.File.Read((page * Page) + (id * 8), 8));
            }
        }

        Assert.Equal(3 * 4000, total);
        Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
        long flushed = file.Space.ReadStatistics().FlushedBytes;
        Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
        Assert.Equal(flushed, file.Space.ReadStatistics().FlushedBytes);
    }
}

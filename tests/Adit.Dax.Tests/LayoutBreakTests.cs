using System.Diagnostics;
using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;

namespace Adit.Dax.Tests;

public sealed class LayoutBreakTests
{
    private const int Page = PageIndex.PageBytes;

    private static readonly AddressSpaceOptions ShortLeases = new() { LeaseTime = TimeSpan.FromMilliseconds(60) };

    [Fact]
    public void Truncated_and_grown_range_reads_zeros()
    {
        using MappedFile file = new();
        file.Store(9 * Page, 1);
        Assert.Equal(Errno.Success, file.File.Truncate(4 * Page));
        Assert.Equal(Errno.ENXIO, file.Space.Pin(9 * Page, 1, PinAccess.Read, out _));
        file.File.SizeBytes = 8 << 20;
        Assert.Equal(0, file.Load(9 * Page));
        file.Store(9 * Page, 2);
        Assert.Equal(2, file.Load(9 * Page));
    }

    [Fact]
    public void Pinned_pages_elsewhere_are_in_nobodys_way()
    {
        using MappedFile file = new();
        file.Store(9 * Page, 1);
        Assert.Equal(Errno.Success, file.Space.Pin(9 * Page, 1, PinAccess.Write, out Pin pin));
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(new PageIndex(10), 100), new BreakOptions { NoWait = true }));
        Assert.Equal(Errno.Success, file.File.Truncate(10 * Page, new BreakOptions { NoWait = true }));
        pin.Dispose();
    }

    [Fact]
    public void Pinned_zeros_are_in_nobodys_way()
    {
        using MappedFile file = new();
        Assert.Equal(Errno.Success, file.Space.Pin(0, 4 << 20, PinAccess.Read, out Pin pin));
        Assert.Equal(Errno.Success, file.File.Truncate(0, new BreakOptions { NoWait = true }));
        pin.Dispose();
    }

    [Fact]
    public void Cancelled_change_has_changed_nothing()
    {
        PointGate gate = new(DaxPoint.BreakBusy);
        using MappedFile file = new(new AddressSpaceOptions { OnPoint = gate.OnPoint });
        gate.Open();
        file.Store(0, 5);
        using CancellationTokenSource cancellation = new();
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        Racer<Errno> punch = Racer.Start(() => file.File.Punch(new PageRange(default, 4), new BreakOptions { Cancellation = cancellation.Token }));
        gate.WaitUntilReached();
        punch.WaitUntilItRests();
        cancellation.Cancel();
        Assert.Equal(Errno.EINTR, punch.Join());
        pin.WritableSpan[0] = 6;
        pin.Dispose();
        Assert.Equal(6, file.Load(0));
        Assert.Equal(6, file.File.Read(0, 1)[0]);
    }

    [Fact]
    public void Waiting_change_burns_no_processor_time()
    {
        using MappedFile file = new();
        file.Store(0, 5);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        Racer<Errno> punch = Racer.Start(() => file.File.Punch(new PageRange(default, 1)));
        punch.WaitUntilItRests();
        Assert.Equal(1, file.Space.ReadStatistics().PinWaits);
        Thread.Sleep(200);
        Assert.Equal(1, file.Space.ReadStatistics().PinWaits);
        Assert.False(punch.IsDone);
        pin.Dispose();
        Assert.Equal(Errno.Success, punch.Join());
    }

    [Fact]
    public void Holder_of_a_pin_can_go_on_using_the_file_while_a_change_waits()
    {
        using MappedFile file = new();
        file.Store(0, 5);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        Racer<Errno> punch = Racer.Start(() => file.File.Punch(new PageRange(default, 4)));
        punch.WaitUntilItRests();
        Assert.Equal(5, file.Load(0));
        file.Store(Page, 1);
        Assert.Equal(Errno.Success, file.File.Write(2 * Page, pin.Span));
        Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
        pin.Dispose();
        Assert.Equal(Errno.Success, punch.Join());
        Assert.Equal(0, file.Load(0));
    }

    [Fact]
    public void Fault_under_a_change_waits_and_sees_the_new_layout()
    {
        PointGate gate = new(DaxPoint.BreakBeforeZap);
        using MappedFile file = new(new AddressSpaceOptions { OnPoint = gate.OnPoint });
        Assert.Equal(Errno.Success, file.File.Write(0, [5]));
        Racer<Errno> punch = Racer.Start(() => file.File.Punch(new PageRange(default, 4)));
        gate.WaitUntilReached();
        Racer<byte> fault = Racer.Start(() => file.Load(0));
        fault.WaitUntilItRests();
        Assert.False(fault.IsDone);
        gate.Open();
        Assert.Equal(Errno.Success, punch.Join());
        Assert.Equal(0, fault.Join());
    }

    [Fact]
    public void Blocks_of_a_removed_file_are_free_only_when_its_last_pin_is_gone()
    {
        using MappedFile file = new();
        file.Store(0, 5);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        using ManualResetEventSlim isIdle = new();
        Assert.Equal(Errno.EBUSY, file.Space.TryEvict(discards: true));
        Assert.True(file.Space.NotifyWhenIdle(isIdle.Set));
        Assert.False(isIdle.IsSet);
        Assert.Equal(5, pin.Span[0]);
        pin.Dispose();
        Assert.True(isIdle.Wait(5000));
        Assert.False(file.Space.NotifyWhenIdle(() => Assert.Fail("nothing is pinned")));
        Assert.Equal(Errno.Success, file.Space.TryEvict(discards: true));
        Assert.True(file.Space.IsEmpty);
    }

    [Fact]
    public void Eviction_keeps_what_is_dirty_and_allocates_nothing()
    {
        using MappedFile file = new();
        file.Store(0, 5);
        Assert.Equal(0, file.Load(5 << 20));
        Assert.Equal(Errno.EBUSY, file.Space.TryEvict(discards: false));
        Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Errno errno = file.Space.TryEvict(discards: false);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Errno.Success, errno);
    }

    [Fact]
    public void Holder_of_a_lease_is_told_and_the_change_fails_when_its_time_is_over()
    {
        using MappedFile file = new(ShortLeases);
        TimeSpan notice = default;
        LeaseOptions options = new() { Purpose = "backup", OnRecall = time => notice = time };
        Assert.Equal(Errno.Success, file.Space.PinLong(0, Page, PinAccess.Read, options, out LongPin? pin));
        long started = Stopwatch.GetTimestamp();
        Assert.Equal(Errno.EBUSY, file.File.Punch(new PageRange(default, 1)));

        // Leases are timed by a clock that goes on in steps of some milliseconds.
        Assert.True(Stopwatch.GetElapsedTime(started) >= ShortLeases.LeaseTime - TimeSpan.FromMilliseconds(20));
        Assert.Equal(ShortLeases.LeaseTime, notice);
        Assert.True(pin!.Lease.Recalled.IsCancellationRequested);
        Assert.True(Assert.Single(file.Space.FindHolders(PageRange.All)).IsRecalled);
        Assert.Equal(0, pin.ReadSegment(0).Span[0]);
        pin.Dispose();
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(default, 1)));
    }

    [Fact]
    public void Holder_that_lets_go_when_told_lets_the_change_through()
    {
        using MappedFile file = new();
        LongPin? pin = null;
        LeaseOptions options = new() { Purpose = "cache", OnRecall = _ => pin!.Dispose() };
        Assert.Equal(Errno.Success, file.Space.PinLong(0, Page, PinAccess.Write, options, out pin));
        Assert.Equal(Errno.Success, Racer.Start(() => file.File.Truncate(0)).Join());
    }

    [Fact]
    public void Lease_and_pin_are_both_waited_for_whichever_comes_while_the_other_is()
    {
        // So long that whoever lets go has to wake the one who waits.
        using MappedFile file = new(new AddressSpaceOptions { LeaseTime = TimeSpan.FromHours(1) });
        file.Store(0, 1);
        Lease lease = file.Space.TakeLease(new PageRange(default, 1), new LeaseOptions { Purpose = "client" });
        Racer<Errno> punch = Racer.Start(() => file.File.Punch(new PageRange(default, 1)));
        punch.WaitUntilItRests();
        Assert.False(punch.IsDone);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 1, PinAccess.Read, out Pin pin));
        lease.Dispose();
        punch.WaitUntilItRests();
        Assert.False(punch.IsDone);
        Lease second = file.Space.TakeLease(new PageRange(default, 1), new LeaseOptions { Purpose = "client" });
        pin.Dispose();
        punch.WaitUntilItRests();
        Assert.False(punch.IsDone);
        second.Dispose();
        Assert.Equal(Errno.Success, punch.Join());
    }

    [Fact]
    public void Change_that_is_cancelled_already_tells_no_holder()
    {
        using MappedFile file = new();
        using Lease lease = file.Space.TakeLease(new PageRange(default, 1), new LeaseOptions { Purpose = "client" });
        Assert.Equal(Errno.EINTR, file.File.Punch(new PageRange(default, 1), new BreakOptions { Cancellation = new CancellationToken(true) }));
        Assert.False(lease.Recalled.IsCancellationRequested);
    }

    [Fact]
    public void Page_that_is_about_to_go_is_not_pinned_any_more()
    {
        using MappedFile file = new();
        file.Store(0, 5);
        Racer<byte>? late = null;
        bool isPinned = true;
        FakeView view = new(new PageRange(default, 1), isStorable: false, ViewPolicy.Follow)
        {
            // The change has looked for pins and has not dropped the entries yet.
            OnZap = () =>
            {
                late = Racer.Start(() => file.Load(0));
                late.WaitUntilItRests();
                isPinned = late.IsDone;
            },
        };
        Assert.Equal(Errno.Success, file.Space.AttachView(view, new LeaseOptions { Purpose = "test" }));
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(default, 1)));
        Assert.False(isPinned);
        Assert.Equal(0, late!.Join());
        Assert.Equal(1, file.Space.ReadStatistics().LayoutBreaks);
    }

    [Fact]
    public void Eviction_is_called_for_when_the_last_lease_and_the_last_view_are_gone()
    {
        using MappedFile file = new();
        using ManualResetEventSlim isCalled = new();
        Lease lease = file.Space.TakeLease(new PageRange(default, 1), new LeaseOptions { Purpose = "client" });
        FakeView view = new(new PageRange(default, 1), isStorable: false, ViewPolicy.Follow);
        Assert.Equal(Errno.Success, file.Space.AttachView(view, new LeaseOptions { Purpose = "test" }));
        foreach (Action letGo in (Action[])[() => file.Space.DetachView(view), lease.Dispose])
        {
            Assert.Equal(Errno.EBUSY, file.Space.TryEvict(discards: true));
            isCalled.Reset();
            Assert.True(file.Space.NotifyWhenIdle(isCalled.Set));
            letGo();
            Assert.True(isCalled.Wait(10_000), "nobody is called");
        }

        Assert.Equal(Errno.Success, file.Space.TryEvict(discards: true));
    }

    [Fact]
    public void Change_without_waiting_fails_at_a_lease()
    {
        using MappedFile file = new();
        using Lease lease = file.Space.TakeLease(new PageRange(default, 1), new LeaseOptions { Purpose = "client" });
        Assert.Equal(Errno.EBUSY, file.File.Punch(new PageRange(default, 1), new BreakOptions { NoWait = true }));
        Assert.False(lease.Recalled.IsCancellationRequested);
        Assert.Equal(Errno.Success, file.File.Punch(new PageRange(new PageIndex(1), 1), new BreakOptions { NoWait = true }));
    }

    [Fact]
    public void Threads_that_pin_store_sync_punch_and_truncate_never_hang_and_never_see_foreign_bytes()
    {
        // Every block is marked with the page it belongs to; a page shows its own mark or zeros.
        const int Pages = 96;
        using MappedFile file = new(sizeBytes: Pages * Page);
        long stores = 0;
        long punches = 0;
        Racer.Run(5, id =>
        {
            Random random = new(100 + id);
            for (int i = 0; i < 3000; i++)
            {
                long page = random.Next(Pages);
                if (id == 0)
                {
                    PageRange range = new(new PageIndex(page), random.Next(1, 20));
                    Errno errno = random.Next(4) == 0 ? file.File.Truncate(Pages * Page) : file.File.Punch(range, new BreakOptions { NoWait = random.Next(2) == 0 });
                    punches += errno == Errno.Success ? 1 : 0;
                    Assert.True(errno is Errno.Success or Errno.EBUSY);
                }
                else if (id == 1 && random.Next(3) == 0)
                {
                    Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
                }
                else if (random.Next(2) == 0)
                {
                    Assert.Equal(Errno.Success, file.Space.Pin(page * Page, 8, PinAccess.Write, out Pin pin));
                    Assert.True(pin.Ref<long>() == 0 || pin.Ref<long>() == page + 1);
                    pin.WritableRef<long>() = page + 1;
                    Assert.Equal(page + 1, pin.Ref<long>());
                    pin.Dispose();
                    Interlocked.Increment(ref stores);
                }
                else
                {
                    Assert.Equal(Errno.Success, file.Space.Pin(page * Page, 8, PinAccess.Read, out Pin pin));
                    long first = pin.Ref<long>();
                    Assert.True(first == 0 || first == page + 1, $"page {page} shows {first}");
                    Thread.Yield();
                    Assert.True(pin.Ref<long>() == first || first == 0);
                    pin.Dispose();
                }
            }
        });
        Assert.True(punches > 100 && stores > 1000, "inconclusive");
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
        Assert.Equal(Errno.Success, file.File.Truncate(0));
        Assert.True(file.Space.IsEmpty);
        Assert.Equal(file.Medium.LengthBytes / Page, file.Volume.FreePages);
    }
}
